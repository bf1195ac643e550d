import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EXPERIMENTS } from './experiments.ts';
import { RUN_OPTIONS } from './fixtures/records.ts';
import { missingBaselines, planRun, planTrials, virtualUsersOf } from './plan.ts';

describe('the order of trials', () => {
  test('each arm takes each slot exactly once in every 4 rounds of 4 arms', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const trials = planTrials('x', ['a', 'b', 'c', 'd'], 8, seed);
        for (const start of [0, 4]) {
          const block = trials.filter((trial) => trial.round >= start && trial.round < start + 4);
          const cells = new Set(block.map((trial) => `${trial.arm}${trial.slot}`));
          expect(cells.size).toBe(16);
        }
      }),
    );
  });

  test('the same seed gives the same plan, another seed another order', () => {
    const plan = (seed: number): string =>
      JSON.stringify(planTrials('x', ['a', 'b', 'c'], 6, seed));
    expect(plan(7)).toBe(plan(7));
    const order = (seed: number): string =>
      planTrials('x', ['a', 'b', 'c'], 6, seed)
        .map((trial) => trial.arm)
        .join('');
    expect(new Set([1, 2, 3, 4, 5].map(order)).size).toBeGreaterThan(1);
  });

  test('the arms of one round share a seed, rounds do not', () => {
    const trials = planTrials('x', ['a', 'b'], 3, 1);
    const seeds = [0, 1, 2].map((round) => [
      ...new Set(trials.filter((trial) => trial.round === round).map((trial) => trial.seed)),
    ]);
    expect(seeds.map((one) => one.length)).toEqual([1, 1, 1]);
    expect(new Set(seeds.flat()).size).toBe(3);
  });
});

test('20 requests/s at an expected p99 of 1,500 ms get 90 virtual users, 20 at 1 ms get 10', () => {
  const load = { kind: 'open', ratePerSecond: 20, arrivals: 'even' } as const;
  expect(virtualUsersOf({ ...load, expectedP99Ms: 1500 })).toBe(90);
  expect(virtualUsersOf({ ...load, expectedP99Ms: 1 })).toBe(10);
});

test('an arm whose baseline does not run is named, with what to add', () => {
  const lines = (arms: string[] | null): string[] =>
    planRun(EXPERIMENTS, {
      ...RUN_OPTIONS,
      experiments: ['stampede'],
      profile: 'full',
      arms,
    }).flatMap(missingBaselines);
  expect(lines(['hardened', 'lock+single-flight'])).toEqual([
    'hardened, lock+single-flight: not compared without cached; add it to --arms for the comparison',
  ]);
  expect(lines(['cached', 'hardened'])).toEqual([]);
  expect(lines(null)).toEqual([]);
});
