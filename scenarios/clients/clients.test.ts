import { describe, expect, test } from 'vitest';
import { analyseExperiment } from '../../lab/analyse.ts';
import { madeUpRecords, planOf, RUN_OPTIONS } from '../../lab/fixtures/records.ts';
import type { ExperimentAnalysis } from '../../lab/result.ts';
import { runLoop, together } from './closed-loop.ts';
import { parseCommandStats } from './command-stats.ts';
import { type Costs, growthOf } from './complexity.ts';
import { experiment } from './experiment.ts';
import { exponentOf, lineThrough } from './fit.ts';

type Samples = Record<string, number[]>;

function analysed(byArm: Record<string, Samples>): ExperimentAnalysis {
  const behaviour = { medianMs: 1, selectsPerPage: 0 };
  const records = madeUpRecords(
    experiment,
    Object.fromEntries(Object.keys(byArm).map((arm) => [arm, behaviour])),
    1,
  );
  for (const record of records) {
    if (record.state !== 'completed') continue;
    const samples = byArm[record.arm]!;
    record.measurement.findings = { totals: {}, samples, series: [], notes: [] };
  }
  return analyseExperiment(planOf(experiment, 1), RUN_OPTIONS, records);
}

/** Requests per second of 50 users, by service. */
const service = (sync: number, mixed: number, async_: number): Samples => ({
  waitMs: [10],
  'perSecond/sync/50': [sync],
  'perSecond/async-sync/50': [mixed],
  'perSecond/async/50': [async_],
});

describe('C23', () => {
  const judged = (samples: Samples) =>
    analysed({ service: samples }).claims.find(({ id }) => id === 'C23');

  test('depends on workers and wait: 4 that block serve 400/s, an event loop that is blocked 100/s, a free one 4,800/s', () => {
    const claim = judged(service(400, 100, 4800));
    expect(claim?.verdict).toBe('depends');
    expect(claim?.reason).toContain('workers / wait');
    expect(claim?.figure).toContain('4 workers that block 400/s');
  });

  test('is confirmed by the figures of the story, and refuted if not blocking gains less than twice as much', () => {
    expect(judged(service(100, 200, 5000))?.verdict).toBe('confirmed');
    expect(judged(service(400, 100, 700))?.verdict).toBe('refuted');
  });

  test('is not judged without all three services', () => {
    const { waitMs, ...others } = service(400, 100, 4800);
    expect(judged({ ...others, waitMs: waitMs!, 'perSecond/async/50': [] })?.verdict).toBe(
      'not judged',
    );
  });
});

/** Exponents of eight passes around the given ones. */
function growing(get: number, lrange: number, zadd: number): Samples {
  const passes = (value: number): number[] =>
    [-3, -2, -1, 0, 0, 1, 2, 3].map((step) => value + step / 200);
  return {
    'exponent/get/same': passes(get),
    'exponent/set/same': passes(get),
    'exponent/lrange/whole': passes(lrange),
    'exponent/zadd/same': passes(zadd),
    'exponent/get/random': passes(get + 0.2),
  };
}

describe('C10', () => {
  const judged = (samples: Samples, severalOverOne: number[]) =>
    analysed({ complexity: samples, 'one-thread': { severalOverOne } }).claims[0];

  test('is confirmed where GET keeps its time, LRANGE grows with n, ZADD hardly, and 4 connections get no more done than one', () => {
    const claim = judged(growing(0.01, 1.02, 0.07), [1.01]);
    expect(claim?.verdict).toBe('confirmed');
    expect(claim?.figure).toContain('GET grows as n^0.01 (-0.005 to 0.025)');
    expect(claim?.reason).toContain('at random, GET grows as n^0.21');
  });

  test('is refuted by commands that run beside each other, by a GET that grows, by a LRANGE that does not', () => {
    expect(judged(growing(0.01, 1.02, 0.07), [1.9])?.verdict).toBe('refuted');
    expect(judged(growing(0.01, 1.02, 0.07), [1.2, 2.9])?.verdict).toBe('not judged');
    expect(judged(growing(0.5, 1.02, 0.07), [1])?.reason).toContain('GET is not O(1)');
    expect(judged(growing(0.01, 0.3, 0.07), [1])?.reason).toContain('LRANGE is not O(n)');
  });

  test('is not judged without the sizes', () => {
    expect(judged({}, [1])?.verdict).toBe('not judged');
  });
});

describe('theory', () => {
  const far = (perSecond: number): Samples => ({
    'pingMs/1': [1.25],
    'perSecond/1/10': [perSecond],
  });

  test.each([
    ['one-by-one', 800, 790, 1600],
    ['pool', 8000, 7800, 800],
    ['shared', 8000, 7900, 800],
    ['mget', 80_000, 76_000, 8000],
  ])(
    '%s: %i values a second over a round trip of 1.25 ms; %i agree, %i do not',
    (arm, theory, near, off) => {
      const row = (perSecond: number) => analysed({ [arm]: far(perSecond) }).theory?.[0];
      expect(row(near)).toMatchObject({ theory, agrees: true });
      expect(row(off)?.agrees).toBe(false);
    },
  );

  test('4 workers that block for 10 ms serve 400 a second, an event loop that is blocked 100', () => {
    const rows = analysed({ service: service(390, 96, 5100) }).theory ?? [];
    expect(rows.map((row) => Math.round(row.theory))).toEqual([400, 100, 5000]);
    expect(rows.map(({ agrees }) => agrees)).toEqual([true, true, true]);
  });
});

test('a line and an exponent are found again, and take no part of what has no logarithm', () => {
  const line = lineThrough([1, 2, 5].map((x) => [x, 3 + 2 * x] as const));
  expect(line?.slope).toBeCloseTo(2, 9);
  expect(line?.start).toBeCloseTo(3, 9);
  const cubes = [1, 10, 100].map((x) => [x, 7 * x ** 3] as const);
  expect(exponentOf([...cubes, [1000, 0]])).toBeCloseTo(3, 9);
  expect(exponentOf([[5, 1]])).toBeNull();
});

test('growth of ZADD counts from 1,000 members: smaller sets are one flat list', () => {
  const sizes = [10, 100, 1000, 10_000, 100_000, 1_000_000];
  const points = (micros: (size: number) => number) =>
    sizes.map((size): [number, number] => [size, micros(size)]);
  const costs = {
    'zadd/same': points((size) => (size < 1000 ? 50 : Math.log2(size))),
    'get/same': points(() => 0.1),
  } as unknown as Costs;
  expect(growthOf('zadd/same', costs)?.perDoubling).toBeCloseTo(1, 6);
  expect(growthOf('zadd/same', costs)?.exponent).toBeCloseTo(0.1, 2);
  expect(growthOf('get/same', costs)?.exponent).toBeCloseTo(0, 9);
});

test('command statistics are read by command, subcommands too', () => {
  const stats = parseCommandStats(
    '# Commandstats\r\ncmdstat_get:calls=3,usec=12,usec_per_call=4.00,rejected_calls=0\r\ncmdstat_config|resetstat:calls=1,usec=9,usec_per_call=9.00\r\n',
  );
  expect(stats.get('get')).toEqual({ calls: 3, micros: 12 });
  expect(stats.get('config|resetstat')?.calls).toBe(1);
});

test('a loop counts what is answered in its measured time, for all callers', async () => {
  let asked = 0;
  const loop = await runLoop({ callers: 3, warmSeconds: 0.1, seconds: 0.4 }, async (caller) => {
    asked += 1;
    await new Promise((resolve) => {
      setTimeout(resolve, 1);
    });
    return caller < 3 ? 2 : 0;
  });
  expect(loop.values).toBe(2 * loop.latenciesMs.length);
  expect(loop.latenciesMs.length).toBeGreaterThan(3);
  expect(asked).toBeGreaterThan(loop.latenciesMs.length); // the warm-up's are not counted
  const both = together([loop, loop]);
  expect(both).toMatchObject({ values: 2 * loop.values, seconds: 0.4 });
});

test('answer and figures follow what was found', () => {
  const way = (perSecond: number): Samples => ({
    ...Object.fromEntries([0, 1].map((far) => [`pingMs/${far}`, [0.1 + far]])),
    ...Object.fromEntries(
      [0, 1].flatMap((far) =>
        [1, 10, 50, 200].map((callers) => [`perSecond/${far}/${callers}`, [perSecond]]),
      ),
    ),
  });
  const analysis = analysed({
    'one-by-one': way(800),
    shared: way(24_000),
    service: service(400, 100, 4800),
  });
  expect(analysis.answer).toContain('50 callers get 800 values a second');
  const figures = experiment.charts(analysis);
  expect(figures.map(({ id }) => id)).toEqual([
    'clients-callers-far',
    'clients-callers-near',
    'clients-services',
    'clients-forest',
    'clients-trials',
  ]);
  expect(figures[0]?.title).toContain('30 times as much');
});
