import fc from 'fast-check';
import { expect, test } from 'vitest';
import { logHistogram } from './log-histogram.ts';

test('any value up to 2³² − 1 comes back exactly below 128, and within 1.6 % above', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 32 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (bits, part) => {
        const value = Math.floor(part * (2 ** bits - 1));
        const histogram = logHistogram();
        histogram.add(value);
        const found = histogram.quantile(0.5)!;
        expect(Math.abs(found - value)).toBeLessThanOrEqual(value < 128 ? 0 : value / 64);
      },
    ),
    { numRuns: 1000 },
  );
});

test('of 1 to 100 the quantile 0.5 is 50 and 0.99 is 99; of nothing there is none', () => {
  const histogram = logHistogram();
  expect(histogram.quantile(0.5)).toBe(null);
  for (let value = 1; value <= 100; value += 1) histogram.add(value);
  expect([0, 0.5, 0.99, 1].map((share) => histogram.quantile(share))).toEqual([1, 50, 99, 100]);
});
