import { describe, expect, test } from 'vitest';
import { incomparable } from './comparable.ts';
import { compareRuns, type RunComparison } from './compare-runs.ts';
import { type MadeUpArm, madeUpRun } from './fixtures/runs.ts';
import { seededRandom } from './seeded-random.ts';
import { readAaTrials } from './stats/fixtures/aa-trials.ts';

/** Twelve trials around a middle, 3 % apart at most. */
function around(middleMs: number, seed: string, trials = 12): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: trials }, () => middleMs * (0.985 + 0.03 * random()));
}

const base = (seed: string): Record<string, MadeUpArm> => ({
  uncached: { role: 'baseline', p50Ms: around(870, `${seed} u`), selectsPerPage: 114 },
  cached: { p50Ms: around(2.1, `${seed} c`) },
  static: { role: 'bound', p50Ms: around(1.3, `${seed} s`) },
});

function changeOf(comparison: RunComparison, arm: string) {
  const found = comparison.experiments[0]?.arms.find((one) => one.arm === arm);
  if (found === undefined) throw new Error(`no ${arm}`);
  return found;
}

describe('two runs of the same code', () => {
  test('are equivalent in every arm, with the same counts and no regression', () => {
    const comparison = compareRuns(madeUpRun(base('a')), madeUpRun(base('b')), false);
    const verdicts = comparison.experiments[0]?.arms.map(({ timed }) => timed[0]?.verdict);
    expect(verdicts).toEqual(['equivalent', 'equivalent', 'equivalent']);
    expect(comparison.regressions).toEqual([]);
    expect(comparison.experiments[0]?.sentence).toContain('all 3 exact counts are the same');
  });

  test('show no regression when the second hour was 20 % slower for all arms', () => {
    const slow = Object.fromEntries(
      Object.entries(base('b')).map(([name, arm]) => [
        name,
        { ...arm, p50Ms: arm.p50Ms.map((ms) => ms * 1.2) },
      ]),
    );
    const comparison = compareRuns(madeUpRun(base('a')), madeUpRun(slow), false);
    expect(changeOf(comparison, 'cached').timed[0]?.ratio?.value).toBeCloseTo(1.2, 1);
    expect(changeOf(comparison, 'cached').timed[0]?.relative?.value).toBeCloseTo(1, 1);
    expect(comparison.regressions).toEqual([]);
  });

  test('with 3 trials an arm get intervals and no word', () => {
    const few = (seed: string): Record<string, MadeUpArm> => ({
      uncached: { role: 'baseline', p50Ms: around(870, `${seed} u`, 3) },
      cached: { p50Ms: around(seed === 'a' ? 2.1 : 3, `${seed} c`, 3) },
    });
    const comparison = compareRuns(madeUpRun(few('a')), madeUpRun(few('b')), false);
    const [timed] = changeOf(comparison, 'cached').timed;
    expect(timed?.verdict).toBe('no verdict');
    expect(timed?.ratio?.interval?.low).toBeGreaterThan(1.2);
    expect(comparison.experiments[0]?.sentence).toContain('3 trials an arm, 12 are needed');
  });
});

describe('a change for the worse', () => {
  test('of 30 % in one arm is found there alone', () => {
    const b = base('b');
    b['cached'] = { p50Ms: around(2.1 * 1.3, 'slower') };
    const comparison = compareRuns(madeUpRun(base('a')), madeUpRun(b), false);
    expect(comparison.regressions).toEqual(['latency, cached: p50 is worse']);
    const back = compareRuns(madeUpRun(b), madeUpRun(base('a')), false);
    expect(back.regressions).toEqual([]);
    expect(changeOf(back, 'cached').timed[0]?.verdict).toBe('better');
  });

  test('of the baseline is told from drift by the bound, and does not make the others better', () => {
    const b = base('b');
    b['uncached'] = { ...b['uncached']!, p50Ms: around(870 * 1.3, 'slower') };
    const comparison = compareRuns(madeUpRun(base('a')), madeUpRun(b), false);
    expect(comparison.regressions).toEqual(['latency, uncached: p50 is worse']);
    expect(changeOf(comparison, 'uncached').timed[0]?.control).toBe('static');
    expect(changeOf(comparison, 'cached').timed[0]?.verdict).not.toBe('better');
  });

  test('of a count needs no interval: 115 SELECTs for 114, 2 loads for 1, a stale read for none', () => {
    const findings = (loads: number[], staleReads: number): MadeUpArm['findings'] => ({
      totals: { reads: 100_000, staleReads },
      samples: { loadsPerExpiry: loads },
      series: [],
      notes: [],
    });
    const [a, b] = [base('a'), base('b')];
    a['cached'] = { ...a['cached']!, findings: findings([1, 1, 1], 0) };
    b['cached'] = { ...b['cached']!, findings: findings([1, 2, 1], 3) };
    b['uncached'] = { ...b['uncached']!, selectsPerPage: 115 };
    expect(compareRuns(madeUpRun(a), madeUpRun(b), false).regressions).toEqual([
      'latency, uncached: SELECTs per page went from 114 to 115',
      'latency, cached: loadsPerExpiry went from 1 to 2',
      'latency, cached: staleReads went from 0 to 3',
    ]);
  });

  test('is an arm that lost all its trials', () => {
    const b = { ...base('b'), cached: { p50Ms: [] } };
    const { regressions } = compareRuns(madeUpRun(base('a')), madeUpRun(b), false);
    expect(regressions).toEqual(['latency, cached: no valid trial any more']);
  });
});

describe('across hosts', () => {
  test('times are left out, ratios to the control and counts stay', () => {
    const slow = Object.fromEntries(
      Object.entries(base('b')).map(([name, arm]) => [
        name,
        { ...arm, p50Ms: arm.p50Ms.map((ms) => ms * (name === 'cached' ? 4 : 2)) },
      ]),
    );
    const comparison = compareRuns(madeUpRun(base('a')), madeUpRun(slow), true);
    const [timed] = changeOf(comparison, 'cached').timed;
    expect(timed?.ratio).toBeNull();
    expect(timed?.relative?.value).toBeCloseTo(2, 1);
    expect(timed?.verdict).toBe('worse');
    expect(changeOf(comparison, 'uncached').timed[0]?.verdict).not.toBe('worse');
  });
});

describe('runs that do not compare', () => {
  test('have each difference named, those of the machine apart from those of data and design', () => {
    const a = madeUpRun(base('a'));
    const b = madeUpRun(base('b'), {
      design: { dbLatency: '0', ratePerSecond: 40 },
      environment: {
        kernel: '6.2.0',
        datasetDigest: 'd2',
        redis: { version: '7.2.0', origin: 'PATH', settings: { maxmemory: '100mb' } },
      },
    });
    expect(incomparable(a, b)).toEqual({
      hosts: [
        'kernel: 6.1.0 in A, 6.2.0 in B',
        'redis: 7.0.15 in A, 7.2.0 in B',
        'redis maxmemory: 0 in A, 100mb in B',
      ],
      designs: [
        'data: d1 in A, d2 in B',
        'latency, ratePerSecond: 20 in A, 40 in B',
        'latency, dbLatency: 5-10 in A, 0 in B',
      ],
    });
    expect(incomparable(a, a)).toEqual({ hosts: [], designs: [] });
  });
});

describe('1,000 pairs of runs cut from recorded trials of equal arms', () => {
  const recorded = readAaTrials().rounds;

  /** Contiguous recorded rounds as a run whose arms are its slots, spoiled by a drift of up to 30 % between the runs. */
  function runAt(first: number, factor: number): ReturnType<typeof madeUpRun> {
    const rounds = recorded.slice(first, first + 12);
    const arms = rounds[0]!.map((_, slot) => rounds.map((round) => round[slot]! * factor));
    return madeUpRun(
      Object.fromEntries(
        arms.map((p50Ms, slot) => [
          `arm ${slot}`,
          { p50Ms, role: slot === 0 ? ('baseline' as const) : ('candidate' as const) },
        ]),
      ),
    );
  }

  test('raise at most 5 % false alarms, whatever drift lies between them', () => {
    let alarms = 0;
    const pairs = 1000;
    for (let seed = 0; seed < pairs; seed += 1) {
      const random = seededRandom(`runs ${seed}`);
      const place = (): number => Math.floor(random() * (recorded.length - 11));
      const [a, b] = [runAt(place(), 1), runAt(place(), 1 + 0.3 * (2 * random() - 1))];
      if (compareRuns(a, b, false).regressions.length > 0) alarms += 1;
    }
    expect(alarms / pairs).toBeLessThanOrEqual(0.05);
  });
});
