import { describe, expect, test } from 'vitest';
import { geometricMean } from './mean.ts';
import { differenceInterval, logSampleOf, sampleOf, welch } from './welch.ts';

const A = [
  27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4,
];
const B = [
  27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 30.0, 23.9,
];

describe('the difference of two means', () => {
  test('of two samples of 15 has the t and the degrees of freedom of the textbook, and the p of the integrated density', () => {
    const found = welch([sampleOf(B)!], [sampleOf(A)!]);
    expect(found.difference / found.error).toBeCloseTo(2.8353, 4);
    expect(found.degreesOfFreedom).toBeCloseTo(27.7136, 4);
    expect(found.p).toBeCloseTo(0.0084527, 6);
  });

  test('that never vary is certain: equal means have p 1, others p 0, and the interval has no width', () => {
    const ones = sampleOf([1, 1, 1])!;
    expect(welch([ones], [ones]).p).toBe(1);
    const apart = welch([sampleOf([2, 2, 2])!], [ones]);
    expect(apart.p).toBe(0);
    expect(differenceInterval(apart, 0.95)).toEqual({ low: 1, high: 1 });
  });

  test('of two pairs is wider than that of one', () => {
    const [a, b] = [sampleOf(A)!, sampleOf(B)!];
    const width = (found: ReturnType<typeof welch>): number => {
      const { low, high } = differenceInterval(found, 0.95);
      return high - low;
    };
    expect(width(welch([b, a], [a, b]))).toBeGreaterThan(width(welch([b], [a])) * 1.3);
    expect(welch([b, a], [a, b]).difference).toBeCloseTo(0, 12);
  });
});

test('the sample behind a geometric mean is found again in its interval', () => {
  const found = logSampleOf(geometricMean(A)!)!;
  const own = sampleOf(A.map(Math.log))!;
  expect(found.mean).toBeCloseTo(own.mean, 10);
  expect(found.variance).toBeCloseTo(own.variance, 10);
  expect(found.n).toBe(15);
});

test('an arithmetic mean, one value and a zero have no sample of logarithms', () => {
  const interval = { low: 1, high: 5, level: 0.95 };
  expect(logSampleOf({ value: 3, interval, n: 5 })).toBeNull();
  expect(logSampleOf({ value: 3, interval: null, n: 1 })).toBeNull();
  expect(logSampleOf({ value: 0, interval: { ...interval, low: 0 }, n: 5 })).toBeNull();
  expect(sampleOf([3])).toBeNull();
});
