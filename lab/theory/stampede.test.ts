import { describe, expect, test } from 'vitest';
import { seededRandom } from '../seeded-random.ts';
import {
  distanceFromWhole,
  loadsUnderShortLock,
  loadsWithoutDefence,
  simulateRefreshes,
  waitForDeadHolderMs,
  xfetchLeadMs,
  xfetchLoads,
} from './stampede.ts';

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

test('a lock of 400 ms lets 3 loads of 1000 ms begin, one of 2000 ms only 1', () => {
  expect(loadsUnderShortLock(1000, 400)).toBe(3);
  expect(loadsUnderShortLock(1000, 2000)).toBe(1);
  expect(distanceFromWhole(1000, 400)).toBeCloseTo(0.5);
  expect(distanceFromWhole(1000, 350)).toBeCloseTo(0.143, 3);
});

test('readers of a dead lock holder wait for the rest of the lock and one load', () => {
  expect(waitForDeadHolderMs(2000, 870)).toBe(2870);
});

test.each([
  { ratePerSecond: 10, loadMs: 500, loads: 6 },
  { ratePerSecond: 40, loadMs: 900, loads: 37 },
  { ratePerSecond: 100, loadMs: 500, loads: 51 },
])(
  'without defence $ratePerSecond reads/s and $loadMs ms make $loads loads an expiry, in the closed form and simulated',
  ({ ratePerSecond, loadMs, loads }) => {
    expect(loadsWithoutDefence(ratePerSecond, loadMs)).toBeCloseTo(loads, 9);
    const page = { ratePerSecond, loadMs, beta: null, ttlMs: 10_000 };
    const simulated = meanOf(simulateRefreshes(page, 500, seededRandom('none')));
    expect(simulated / loads).toBeCloseTo(1, 1);
  },
);

describe('XFetch', () => {
  test.each([
    { beta: 1, limit: Math.E },
    { beta: 2, limit: Math.exp(0.5) },
    { beta: 4, limit: Math.exp(0.25) },
  ])('loads e^(1/$beta) times a refresh once λβΔ is 20', ({ beta, limit }) => {
    const loadMs = 20_000 / (40 * beta);
    expect(xfetchLoads({ ratePerSecond: 40, loadMs, beta })).toBeCloseTo(limit, 1);
  });

  // λβΔ of 2.5 to 100: the rare page, where the limit does not hold, as well as the busy one.
  test.each([
    { ratePerSecond: 10, beta: 0.5 },
    { ratePerSecond: 10, beta: 1 },
    { ratePerSecond: 100, beta: 0.5 },
    { ratePerSecond: 100, beta: 1 },
    { ratePerSecond: 100, beta: 2 },
  ])(
    'agrees with 5,000 simulated refreshes at $ratePerSecond reads/s and β = $beta',
    ({ ratePerSecond, beta }) => {
      const page = { ratePerSecond, loadMs: 500, beta };
      const simulated = simulateRefreshes({ ...page, ttlMs: 30_000 }, 5000, seededRandom('x'));
      expect(meanOf(simulated) / xfetchLoads(page)).toBeGreaterThan(0.95);
      expect(meanOf(simulated) / xfetchLoads(page)).toBeLessThan(1.05);
    },
  );

  test('begins 2.1 s early at 100 reads/s of a page of 500 ms', () => {
    const lead = xfetchLeadMs({ ratePerSecond: 100, loadMs: 500, beta: 1 });
    expect(lead).toBeGreaterThan(2100);
    expect(lead).toBeLessThan(2200);
  });
});
