import { describe, expect, test } from 'vitest';
import type { FlagName, Measurement, Outcome, StoredHistogram } from './result.ts';
import { encodeHistogram, newHistogram, recordMs } from './stats/histogram.ts';
import { judgeTrial } from './validity.ts';
import type { TrialContext } from './validity.ts';

function stored(
  metric: StoredHistogram['metric'],
  valuesMs: readonly number[],
  second?: number,
): StoredHistogram {
  const histogram = newHistogram();
  for (const ms of valuesMs) recordMs(histogram, ms);
  const hdr = encodeHistogram(histogram);
  const base = { metric, request: 'page', outcome: 'all', count: valuesMs.length, hdr } as const;
  return second === undefined ? base : { ...base, second };
}

const times = (count: number, value: number): number[] =>
  Array.from({ length: count }, () => value);

/** `late` of 1,000 arrivals as late as `lagMs`, the others on time. */
const lags = (lagMs: number, late: number): StoredHistogram =>
  stored('startLag', [...times(1000 - late, 0.1), ...times(late, lagMs)]);

/** p50 per second of the measured phase. */
const seconds = (p50s: readonly number[]): StoredHistogram[] =>
  p50s.map((ms, second) => stored('response', times(100, ms), second));

/** 1,000 pages at 100/s, all well: 10 loads of 114 SELECTs in the measured phase, 1 more while warming up. */
function fine(): Measurement {
  return {
    arrivals: 'even',
    offeredRatePerSecond: 100,
    virtualUsers: 50,
    warmSeconds: 3,
    measureSeconds: 10,
    counts: {
      offered: 1000,
      started: 1000,
      completed: 1000,
      failed: 0,
      shed: 0,
      dropped: 0,
      scriptErrors: 0,
      newConnections: 0,
      bytesReceived: 1_000_000,
    },
    histograms: [
      stored('response', times(1000, 20)),
      stored('service', times(1000, 20)),
      lags(0.2, 10),
      ...seconds(times(10, 20)),
    ],
    clientOutcomes: { hit: 990, miss: 10 },
    server: {
      requests: 1000,
      outcomes: { hit: 990, miss: 10 },
      loads: 10,
      selects: 1140,
      selectsWholeTrial: 1254,
      poolMaxWaiting: 0,
      shed: 0,
      eventLoopDelayP99Ms: 12,
      hdr: null,
      menuVersion: 1,
    },
    postgres: { selects: 1254, shapes: 6 },
    cpu: {
      microsPerRequest: { server: 300, postgres: 100, redis: 20, k6: 200 },
      cores: { server: 0.3, postgres: 0.1, redis: 0.02, k6: 0.2 },
      foreignShare: 0.02,
      busyShare: 0.4,
    },
    events: [],
    search: null,
  };
}

function context(change: Partial<TrialContext> = {}): TrialContext {
  return {
    k6: { exitCode: 0, errorLines: [], timedOut: false },
    raw: { truncated: false, unreadable: 0 },
    expects: { selectsPerLoad: 114, outcomes: ['hit'], outcomesTagged: true },
    stateProblems: [],
    latencyClaim: true,
    flagsAsMeasures: {},
    ...change,
  };
}

type Parts = 'counts' | 'server' | 'cpu';
/** What differs from `fine()`. */
type Change = Partial<Omit<Measurement, Parts | 'postgres'>> & {
  [Key in Parts]?: Partial<Measurement[Key]>;
} & { postgres?: { selects: number } | null };

function changed(change: Change): Measurement {
  const base = fine();
  return {
    ...base,
    ...change,
    counts: { ...base.counts, ...change.counts },
    server: { ...base.server, ...change.server },
    cpu: { ...base.cpu, ...change.cpu },
    postgres: change.postgres === null ? null : { selects: 1254, shapes: 6, ...change.postgres },
  };
}

/** `flag: severity` of all flags, in order. */
function judged(measurement: Measurement | null, change: Partial<TrialContext> = {}): string[] {
  return judgeTrial(measurement, context(change)).map((one) => `${one.flag}: ${one.severity}`);
}

const without = (metric: StoredHistogram['metric']): StoredHistogram[] =>
  fine().histograms.filter((one) => one.metric !== metric);

test('a trial in order has no flag', () => {
  expect(judgeTrial(fine(), context())).toEqual([]);
});

describe('both sides of each limit', () => {
  const cases: [name: string, change: Change, flags: string[]][] = [
    ['1 of 1,000 requests failed', failed(1), []],
    ['2 of 1,000 requests failed', failed(2), ['errors: invalid']],
    ['1 of 1,000 arrivals dropped', dropped(1), ['dropped: warning']],
    ['2 of 1,000 arrivals dropped', dropped(2), ['dropped: invalid']],
    ['990 of 1,000 answered', unanswered(10), ['errors: invalid']],
    ['989 of 1,000 answered', unanswered(11), ['errors: invalid', 'achieved-rate: invalid']],
    ['1 script error', { counts: { scriptErrors: 1 } }, ['script-errors: invalid']],
    ['start lag p99 of 4.9 ms', { histograms: [...without('startLag'), lags(4.9, 11)] }, []],
    [
      'start lag p99 of 5.1 ms',
      { histograms: [...without('startLag'), lags(5.1, 11)] },
      ['start-lag: warning'],
    ],
    [
      'start lag p99 of 49 ms',
      { histograms: [...without('startLag'), lags(49, 11)] },
      ['start-lag: warning'],
    ],
    [
      'start lag p99 of 51 ms',
      { histograms: [...without('startLag'), lags(51, 11)] },
      ['start-lag: invalid'],
    ],
    ['start lag of 51 ms for 1 % only', { histograms: [...without('startLag'), lags(51, 10)] }, []],
    ['start lag p99 of 19 ms at a p50 of 200 ms', slow(200, 19), []],
    ['start lag p99 of 21 ms at a p50 of 200 ms', slow(200, 21), ['start-lag: warning']],
    ['k6 on 0.7 core', { cpu: { cores: { server: 0.3, postgres: 0, redis: 0, k6: 0.7 } } }, []],
    [
      'k6 on 0.71 core',
      { cpu: { cores: { server: 0.3, postgres: 0, redis: 0, k6: 0.71 } } },
      ['generator-cpu: invalid'],
    ],
    ['a machine 85 % busy', { cpu: { busyShare: 0.85 } }, []],
    ['a machine 86 % busy', { cpu: { busyShare: 0.86 } }, ['host-busy: invalid']],
    ['5 % foreign CPU', { cpu: { foreignShare: 0.05 } }, []],
    ['6 % foreign CPU', { cpu: { foreignShare: 0.06 } }, ['foreign-cpu: warning']],
    ['15 % foreign CPU', { cpu: { foreignShare: 0.15 } }, ['foreign-cpu: warning']],
    ['16 % foreign CPU', { cpu: { foreignShare: 0.16 } }, ['foreign-cpu: invalid']],
    [
      'no figures of CPU (macOS)',
      { cpu: { cores: null, busyShare: null, foreignShare: null, microsPerRequest: null } },
      [],
    ],
    ['1,140 SELECTs in 10 loads, 114 declared', { server: { selects: 1140 } }, []],
    [
      '1,141 SELECTs in 10 loads, 114 declared',
      { server: { selects: 1141 } },
      ['wrong-state: invalid'],
    ],
    ['SELECTs without a load', { server: { loads: 0, selects: 114 } }, ['wrong-state: invalid']],
    ['no load and no SELECT', { server: { loads: 0, selects: 0 } }, []],
    ['one witness: no pg_stat_statements', { postgres: null }, []],
    [
      'Postgres counting 1 SELECT more',
      { postgres: { selects: 1255 } },
      ['witnesses-disagree: invalid'],
    ],
    [
      'the server counting 999 of 1,000 answers',
      { server: { requests: 999 } },
      ['witnesses-disagree: invalid'],
    ],
    [
      'the server counting 1,001 requests',
      { server: { requests: 1001 } },
      ['witnesses-disagree: invalid'],
    ],
    [
      'the server counting a hit as a miss',
      { server: { outcomes: { hit: 989, miss: 11 } } },
      ['witnesses-disagree: invalid', 'witnesses-disagree: invalid'],
    ],
    [
      'a page without outcome at the client',
      { clientOutcomes: { hit: 989, miss: 10 } },
      ['no-samples: invalid', 'witnesses-disagree: invalid'],
    ],
    [
      'a p50 that falls from 40 to 4 ms',
      {
        histograms: [
          stored('response', times(1000, 20)),
          ...seconds([40, 36, 32, 28, 24, 20, 16, 12, 8, 4]),
        ],
      },
      ['not-steady: warning'],
    ],
  ];

  test.each(cases)('%s', (_, change, flags) => {
    expect(judged(changed(change))).toEqual(flags);
  });

  /** n of 1,000 pages are 500s. */
  function failed(n: number): Change {
    return {
      counts: { failed: n },
      histograms: [stored('response', times(1000 - n, 20)), ...without('response')],
      clientOutcomes: { hit: 990 - n, miss: 10 },
    };
  }
  /** n of 1,000 arrivals never started. */
  function dropped(n: number): Change {
    return {
      counts: { dropped: n, started: 1000 - n, completed: 1000 - n },
      histograms: [stored('response', times(1000 - n, 20)), ...without('response')],
      clientOutcomes: { hit: 990 - n, miss: 10 },
      server: { requests: 1000 - n, outcomes: { hit: 990 - n, miss: 10 } },
    };
  }
  /** n of 1,000 requests got no answer at all. */
  function unanswered(n: number): Change {
    return { ...failed(n), counts: { failed: n, completed: 1000 - n } };
  }
  function slow(p50Ms: number, lagMs: number): Change {
    return { histograms: [stored('response', times(1000, p50Ms)), lags(lagMs, 11)] };
  }
});

describe('what k6 calls a success', () => {
  test('a server that is down: 1,000 requests of 0 ms, exit code 0', () => {
    const down = changed({
      counts: { completed: 0, failed: 1000, bytesReceived: 0 },
      histograms: [],
      clientOutcomes: {},
      server: { requests: 0, outcomes: {}, loads: 0, selects: 0 },
    });
    expect(judged(down)).toEqual(
      expect.arrayContaining(['server-down: invalid', 'no-samples: invalid', 'errors: invalid']),
    );
  });

  test.each([
    ['hit', []],
    ['stale', ['no-samples: invalid']],
  ] as [Outcome, string[]][])('an expected outcome "%s"', (outcome, flags) => {
    const expects = { selectsPerLoad: 114, outcomes: [outcome], outcomesTagged: true };
    expect(judged(fine(), { expects })).toEqual(flags);
    const untagged = fine();
    untagged.clientOutcomes = {};
    expect(judged(untagged, { expects: { ...expects, outcomesTagged: false } })).toEqual(flags);
  });

  test('a script that throws where nobody catches it: k6 logs it and exits with 0', () => {
    const line = '{"level":"error","msg":"Error: boom at pageView","source":"stacktrace"}';
    expect(judged(fine(), { k6: { exitCode: 0, errorLines: [line], timedOut: false } })).toEqual([
      'script-errors: invalid',
      'k6-error-log: invalid',
    ]);
  });

  test('quick refusals among the pages', () => {
    const shedding = changed({ counts: { failed: 300, shed: 300 } });
    expect(judged(shedding)).toContain('errors: invalid');
  });

  test('2 users for 200 arrivals/s: most of them dropped, the latency of the others fine', () => {
    const few = changed({
      counts: { started: 400, completed: 400, dropped: 600 },
    });
    expect(judged(few)).toEqual(
      expect.arrayContaining(['dropped: invalid', 'achieved-rate: invalid']),
    );
  });

  test('samples that are missing: none, cut off, unreadable, fewer than the pages', () => {
    expect(judged(null)).toEqual(['no-samples: invalid']);
    expect(judged(fine(), { raw: { truncated: true, unreadable: 0 } })).toEqual([
      'no-samples: invalid',
    ]);
    expect(judged(fine(), { raw: { truncated: false, unreadable: 3 } })).toEqual([
      'no-samples: invalid',
    ]);
    expect(
      judged(changed({ histograms: [stored('response', times(999, 20)), ...without('response')] })),
    ).toEqual(['no-samples: invalid']);
  });
});

describe('how k6 ended', () => {
  test.each([
    [0, false, []],
    [107, false, ['k6-error-log: invalid']],
    [null, false, ['k6-error-log: invalid']],
    [null, true, ['timeout: invalid']],
  ])('exit code %s, killed by the watchdog: %s', (exitCode, timedOut, flags) => {
    expect(judged(fine(), { k6: { exitCode, errorLines: [], timedOut } })).toEqual(flags);
  });

  test('an error in its log', () => {
    const errorLines = ['{"level":"error","msg":"cannot initialize"}'];
    expect(judged(fine(), { k6: { exitCode: 0, errorLines, timedOut: false } })).toEqual([
      'k6-error-log: invalid',
    ]);
  });
});

test('each difference between the declared and the found state is a flag with its sentence', () => {
  const stateProblems = ['the policy is lock, not cached', 'the menu has 239 dishes'];
  const flags = judgeTrial(fine(), context({ stateProblems }));
  expect(flags.map((flag) => flag.detail)).toEqual(stateProblems);
  expect(flags.every((flag) => flag.flag === 'wrong-state')).toBe(true);
});

test('a busy machine does not spoil a probe of a search, which claims no latency', () => {
  expect(judged(changed({ cpu: { busyShare: 0.99 } }), { latencyClaim: false })).toEqual([]);
});

test("a closed model has no rate to achieve, and may leave its users' last requests unfinished", () => {
  const closed = changed({ arrivals: 'closed', offeredRatePerSecond: null });
  closed.server.requests = 1050;
  closed.server.outcomes = { hit: 1040, miss: 10 };
  expect(judged(closed)).toEqual([]);
  closed.server.requests = 1051;
  expect(judged(closed)).toEqual(['witnesses-disagree: invalid']);
});

test('requests cut off half-way through their SELECTs are no contradiction', () => {
  const cut = changed({ counts: { failed: 1 } });
  cut.histograms = [stored('response', times(999, 20)), ...without('response')];
  cut.clientOutcomes = { hit: 990, miss: 9 };
  cut.server.selects = 1140 + 57;
  cut.server.selectsWholeTrial = 1254 + 57;
  expect(judged(cut)).toEqual([]);
});

describe('flags that an experiment measures', () => {
  const flagsAsMeasures: Partial<Record<FlagName, string>> = {
    errors: 'shedding is the question',
    'host-busy': 'past capacity',
    'script-errors': 'no excuse',
    'wrong-state': 'no excuse',
    'no-samples': 'no excuse',
  };

  test('keep their figure, get the reason and lose their power', () => {
    const busy = changed({ cpu: { busyShare: 0.95 } });
    const [flag] = judgeTrial(busy, context({ flagsAsMeasures }));
    expect(flag).toEqual({
      flag: 'host-busy',
      severity: 'measure',
      detail:
        'the machine was 95.0 % busy, limit 85.0 % for a latency; measured here: past capacity',
    });
  });

  test('never are script errors, a wrong state or missing samples', () => {
    const broken = changed({ counts: { scriptErrors: 1 } });
    const stateProblems = ['the policy is lock, not cached'];
    expect(judged(broken, { flagsAsMeasures, stateProblems })).toEqual([
      'wrong-state: invalid',
      'script-errors: invalid',
    ]);
    expect(judged(null, { flagsAsMeasures })).toEqual(['no-samples: invalid']);
  });
});
