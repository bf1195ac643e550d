import { expect, test } from 'vitest';
import { randomStream } from '../random.ts';
import type { Arrivals } from './arrivals.ts';
import { arrivalTimes } from './arrivals.ts';
import { keyDraws } from './popularity.ts';
import { sampler } from './distribution.ts';

function timesUntil(untilMs: number, arrivals: Arrivals): number[] {
  const next = arrivalTimes(arrivals, randomStream(5, 'arrivals'));
  const times: number[] = [];
  for (let ms = next(); ms < untilMs; ms = next()) times.push(ms);
  return times;
}

/** Counts of stretches of equal length. */
function counts(times: readonly number[], stretchMs: number, stretches: number): number[] {
  const found = Array.from({ length: stretches }, () => 0);
  for (const ms of times) found[Math.floor(ms / stretchMs) % stretches]! += 1;
  return found;
}

/** To 4 standard deviations of a Poisson count. */
const near = (count: number, expected: number): void =>
  expect(Math.abs(count - expected)).toBeLessThan(4 * Math.sqrt(expected));

test('100 a second are 10,000 in 100 s: evenly, or at random with an index of dispersion of 1', () => {
  expect(timesUntil(100_000.5, { kind: 'constant', ratePerSecond: 100 })).toHaveLength(10_000);
  const times = timesUntil(100_000, { kind: 'poisson', ratePerSecond: 100 });
  near(times.length, 10_000);
  const seconds = counts(times, 100, 1000);
  const mean = times.length / 1000;
  const variance = seconds.reduce((sum, count) => sum + (count - mean) ** 2, 0) / 999;
  expect(Math.abs(variance / mean - 1)).toBeLessThan(0.15);
});

test('a burst is its readers in one moment, or spread over 8 ms', () => {
  expect(timesUntil(9999, { kind: 'burst', readers: 3, atMs: 50 })).toEqual([50, 50, 50]);
  expect(timesUntil(9999, { kind: 'burst', readers: 4, atMs: 50, withinMs: 8 })).toEqual([
    ...[50, 52, 54, 56],
  ]);
});

test('on and off take turns, 2 s at 300 a second and 3 s at 10', () => {
  const times = timesUntil(100_000, {
    ...{ kind: 'on-off', onPerSecond: 300, offPerSecond: 10, onMs: 2000, offMs: 3000 },
  });
  const seconds = counts(times, 1000, 5);
  near(seconds[0]! + seconds[1]!, 12_000);
  near(seconds[2]! + seconds[3]! + seconds[4]!, 600);
});

test('a day swings about its mean of 100 by ± 80 %, and is quietest at midnight', () => {
  const times = timesUntil(240_000, {
    ...{ kind: 'diurnal', meanPerSecond: 100, swing: 0.8, periodMs: 24_000 },
  });
  near(times.length, 24_000);
  const hours = counts(times, 1000, 24);
  // Each hour ten times a second long; the mean of 1 - 0.8·cos over the first and the middle one.
  near(hours[0]!, 1000 * (1 - 0.8 * 0.9886));
  near(hours[12]!, 1000 * (1 + 0.8 * 0.9886));
});

test('measured times come as they are', () => {
  expect(timesUntil(99, { kind: 'measured', timesMs: [1, 1, 5.5] })).toEqual([1, 1, 5.5]);
});

test('Zipf with exponent 1 over 4 pages asks for them as 12 : 6 : 4 : 3', () => {
  const next = keyDraws({ kind: 'zipf', keys: 4, exponent: 1 }, randomStream(5, 'keys'));
  const found = counts(Array.from({ length: 25_000 }, next), 1, 4);
  for (const [key, share] of [12, 6, 4, 3].entries()) near(found[key]!, share * 1000);
});

test.each([
  [{ kind: 'fixed', ms: 8 } as const, 8, 8],
  [{ kind: 'uniform', minMs: 5, maxMs: 10 } as const, 7.5, 7.5],
  [{ kind: 'exponential', meanMs: 10 } as const, 10, 6.93],
  [{ kind: 'lognormal', medianMs: 10, sigma: 0.5 } as const, 11.33, 10],
  [{ kind: 'measured', ms: [1, 2, 9] } as const, 4, 2],
])('%j has the mean %f and the median %f, to 2 %%', (distribution, mean, median) => {
  const draw = sampler(distribution, randomStream(5, 'times'), 'times');
  const drawn = Float64Array.from({ length: 40_000 }, draw).sort();
  const sum = drawn.reduce((total, ms) => total + ms, 0);
  expect(Math.abs(sum / 40_000 / mean - 1)).toBeLessThan(0.02);
  expect(Math.abs(drawn[20_000]! / median - 1)).toBeLessThan(0.02);
});
