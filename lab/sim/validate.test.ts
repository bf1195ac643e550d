import { describe, expect, test } from 'vitest';
import { planReplays, residentKeysFor } from './validate.ts';

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
