import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeHistogram, mergeHistograms, newHistogram, recordMs } from './histogram.ts';
import type { Histogram } from './histogram.ts';
import { latencyCurve, plainQuantileMs, quantileMs } from './quantile.ts';

function histogramOf(valuesMs: readonly number[]): Histogram {
  const histogram = newHistogram();
  for (const ms of valuesMs) recordMs(histogram, ms);
  return histogram;
}

/** 1, 2 … n ms. */
const upTo = (n: number) => Array.from({ length: n }, (_, index) => index + 1);

describe('quantiles', () => {
  test('of histograms merged from parts are those of the pooled values, within 0.1 %', () => {
    const parts = fc.array(
      fc.array(fc.double({ min: 0.05, max: 60_000, noNaN: true }), { minLength: 1, maxLength: 80 }),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(parts, fc.double({ min: 0.001, max: 1, noNaN: true }), (seconds, q) => {
        const merged = mergeHistograms(seconds.map((one) => encodeHistogram(histogramOf(one))));
        const pooled = seconds.flat().sort((a, b) => a - b);
        const exact = pooled[Math.max(1, Math.ceil(q * pooled.length - 1e-9)) - 1]!;
        expect(merged.totalCount).toBe(pooled.length);
        // Half a microsecond more: values are stored as whole microseconds.
        expect(Math.abs(plainQuantileMs(merged, q)! - exact)).toBeLessThanOrEqual(
          exact * 0.001 + 0.0015,
        );
      }),
    );
  });

  test.each([
    // q, arrivals measured, arrivals dropped, expected
    [0.5, 1000, 0, { near: 500 }],
    [0.99, 1000, 0, { near: 990 }],
    [0.991, 1000, 0, 'blank'], // 9 beyond
    [0.999, 1000, 0, 'blank'],
    [0.5, 15, 0, { near: 8 }], // a median needs no tail
    [0.9, 900, 100, { near: 900 }],
    [0.901, 900, 100, 'censored'],
    [0.99, 999, 1, { near: 990 }],
    [0.5, 400, 600, 'censored'],
    [0.5, 0, 5, 'censored'],
    [0.5, 0, 0, 'blank'],
  ])('at %f with %i measured and %i dropped arrivals is %j', (q, measured, dropped, expected) => {
    const { ms, censored } = quantileMs(histogramOf(upTo(measured)), q, dropped);
    expect(censored).toBe(expected === 'censored');
    if (typeof expected === 'string') expect(ms).toBeNull();
    else expect(Math.abs(ms! - expected.near) / expected.near).toBeLessThanOrEqual(0.001);
  });

  test('of the same values never fall when arrivals are dropped', () => {
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 400 }), fc.nat({ max: 100 }), (n, dropped) => {
        const histogram = histogramOf(upTo(n));
        const with_ = quantileMs(histogram, 0.5, dropped);
        const without = quantileMs(histogram, 0.5).ms!;
        expect(with_.censored || with_.ms! >= without).toBe(true);
      }),
    );
  });
});

describe('the curve for drawing', () => {
  test('of 10,000 values rises and ends at 0.999, where 10 lie beyond', () => {
    const curve = latencyCurve(histogramOf(upTo(10_000)));
    expect(curve.at(-1)!.q).toBeCloseTo(0.999, 6);
    curve.slice(1).forEach((point, index) => {
      expect(point.q).toBeGreaterThan(curve[index]!.q);
      expect(point.ms).toBeGreaterThanOrEqual(curve[index]!.ms);
    });
  });

  test('ends where the dropped arrivals begin: 20 % dropped, nothing above 0.8', () => {
    expect(latencyCurve(histogramOf(upTo(8000)), 2000).at(-1)!.q).toBeLessThanOrEqual(0.8);
  });

  test('of nothing is empty', () => {
    expect(latencyCurve(newHistogram())).toEqual([]);
  });
});
