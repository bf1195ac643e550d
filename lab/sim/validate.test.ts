import { describe, expect, test } from 'vitest';
import { planReplays, residentKeysFor, verdictsOf } from './validate.ts';

describe('the plan', () => {
  test('has 4 policies at 5 and 10 samples 3 times at the fast clock, and one replay of allkeys-lru at the real one', () => {
    const plan = planReplays({ accelerated: true, long: false });
    const fast = plan.filter(({ clockFactor }) => clockFactor === 200);
    expect(fast).toHaveLength(24);
    expect(new Set(fast.map(({ policy, samples }) => `${policy} ${samples}`)).size).toBe(8);
    expect(plan.filter(({ clockFactor }) => clockFactor === 1)).toEqual([
      { policy: 'allkeys-lru', samples: 5, repetition: 0, clockFactor: 1 },
    ]);
  });

  test('has all of them at both clocks in the long form, and at the real one alone where none can be accelerated', () => {
    const clocks = (how: { accelerated: boolean; long: boolean }): number[] =>
      planReplays(how).map(({ clockFactor }) => clockFactor);
    const long = clocks({ accelerated: true, long: true });
    expect([long.length, long.filter((factor) => factor === 1).length]).toEqual([48, 24]);
    expect(clocks({ accelerated: false, long: false })).toEqual(Array(24).fill(1));
  });
});

test('a tenth of the objects is resident, at most 200,000; fewer than 2,000 are refused with what is needed', () => {
  expect(residentKeysFor(100_000)).toBe(10_000);
  expect(residentKeysFor(50_000_000)).toBe(200_000);
  expect(() => residentKeysFor(19_000)).toThrow(/19000 objects/);
});

describe('verdicts', () => {
  const row = (policy: string, gapPoints: number, change: object = {}) => ({
    ...{ policy, samples: 5, seed: 1, clockFactor: 200, residentKeys: 1, turnoverSeconds: 1 },
    ...{ realHitRatio: 0.7, modelHitRatio: 0.7 + gapPoints / 100, gapPoints, ...change },
  });
  const words = (...rows: ReturnType<typeof row>[]): boolean[] =>
    verdictsOf(rows).map(({ agrees }) => agrees);

  test('go by the mean gap of the repetitions: 0.1 points at the fast clock, 0.3 at the real one', () => {
    expect(
      words(row('allkeys-lru', 0.25), row('allkeys-lru', -0.06), row('allkeys-lru', 0.1)),
    ).toEqual([true]);
    expect(words(row('allkeys-lru', 0.25), row('allkeys-lru', -0.04))).toEqual([false]);
    const real = { clockFactor: 1 };
    expect(words(row('allkeys-lru', 0.29, real))).toEqual([true]);
    expect(words(row('allkeys-lru', -0.31, real))).toEqual([false]);
  });

  test('are apart by policy, number of samples and clock; allkeys-random draws no samples', () => {
    const ten = { samples: 10 };
    const rows = ['allkeys-lru', 'allkeys-random'].flatMap((policy) => [
      row(policy, 0.02),
      row(policy, 0.04, ten),
      row(policy, 0.2, { clockFactor: 1 }),
    ]);
    const verdicts = verdictsOf(rows);
    expect(
      verdicts.map(({ policy, samples, clockFactor }) => [policy, samples, clockFactor]),
    ).toEqual([
      ['allkeys-lru', [5], 200],
      ['allkeys-lru', [10], 200],
      ['allkeys-lru', [5], 1],
      ['allkeys-random', [5, 10], 200],
      ['allkeys-random', [5], 1],
    ]);
    expect(verdicts[3]!.gapPoints).toBeCloseTo(0.03);
    expect(verdicts[3]!.gaps).toEqual([0.02, 0.04]);
  });
});
