import { expect, test } from 'vitest';
import { fifo } from '../policies/fifo.ts';
import { lru } from '../policies/lru.ts';
import { randomStream } from '../random.ts';
import { pairedDifference } from './difference.ts';
import { independentTrace, zipfTrace } from './fixtures/zipf.ts';
import { missRatios } from './points.ts';

const trace = zipfTrace(60_000, 5000, 0.8, 8);

test('the difference is the exact one, and its groups add up to the whole trace', () => {
  const from = 20_000;
  const { difference, groups } = pairedDifference(lru, fifo, trace, 400, 20, { from });
  const [a, b] = [lru, fifo].map(
    (policy) => missRatios(policy, trace, [400], { from })[0]!.missRatio,
  );
  expect(difference).toBeCloseTo(b! - a!, 12);
  const sum = (of: 'requests' | 'hitsA' | 'hitsB'): number =>
    groups.reduce((total, group) => total + group[of], 0);
  expect(sum('requests')).toBe(40_000);
  expect(1 - sum('hitsA') / 40_000).toBeCloseTo(a!, 12);
  expect(1 - sum('hitsB') / 40_000).toBeCloseTo(b!, 12);
});

test('a policy differs from itself by 0 with no width', () => {
  expect(pairedDifference(lru, lru, trace, 400, 20)).toMatchObject({
    difference: 0,
    low: 0,
    high: 0,
  });
});

test('the interval follows from its groups by the ratio estimator', () => {
  const { difference, low, high, groups } = pairedDifference(lru, fifo, trace, 400, 3);
  const residuals = groups.map(
    ({ requests, hitsA, hitsB }) => hitsA - hitsB - difference * requests,
  );
  const variance = (3 / 2) * residuals.reduce((sum, one) => sum + one ** 2, 0);
  expect(high - difference).toBeCloseTo((4.30265 * Math.sqrt(variance)) / 60_000, 7);
  expect(difference - low).toBeCloseTo(high - difference, 12);
});

test('of 40 draws of 3,000 objects and their popularity, at least 34 intervals hold the mean difference, none too wide', () => {
  const draws = Array.from({ length: 40 }, (_, draw) => {
    const random = randomStream(draw, 'weights');
    const weights = Array.from({ length: 3000 }, () => (1 - random()) ** -0.4);
    const drawn = independentTrace(15_000, weights, draw);
    return pairedDifference(lru, fifo, drawn, 400, 20, { from: 5000 });
  });
  const mean = draws.reduce((sum, { difference }) => sum + difference, 0) / draws.length;
  const held = draws.filter(({ low, high }) => low <= mean && mean <= high).length;
  const sd = Math.sqrt(
    draws.reduce((sum, { difference }) => sum + (difference - mean) ** 2, 0) / 39,
  );
  const widths = draws.reduce((sum, { high, low }) => sum + (high - low) / 2, 0) / draws.length;
  expect(held).toBeGreaterThanOrEqual(34);
  expect(widths).toBeLessThan(2 * 2.09 * sd);
});

test('one group, and more groups than 1,000, are refused', () => {
  expect(() => pairedDifference(lru, fifo, trace, 400, 1)).toThrow(
    'groups is 1, allowed: whole numbers from 2 to 1000',
  );
  expect(() => pairedDifference(lru, fifo, trace, 400, 1001)).toThrow('groups is 1001');
});
