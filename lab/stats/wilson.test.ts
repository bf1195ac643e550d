import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { wilson } from './wilson.ts';

test.each([
  // Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
  [81, 263, 0.2553, 0.3662],
  [15, 148, 0.0624, 0.1605],
  [1, 29, 0.0061, 0.1718],
])('%i of %i has the 95 % interval from %f to %f', (events, n, low, high) => {
  const { interval } = wilson(events, n)!;
  expect(interval!.low).toBeCloseTo(low, 4);
  expect(interval!.high).toBeCloseTo(high, 4);
});

test('0 of 1,000 is bounded by 3 / n, 1,000 of 1,000 by its mirror, 0 of 0 says nothing', () => {
  expect(wilson(0, 1000)!.interval!.low).toBe(0);
  expect(wilson(0, 1000)!.interval!.high).toBeCloseTo(0.003, 5);
  expect(wilson(1000, 1000)!.interval!.low).toBeCloseTo(0.997, 5);
  expect(wilson(0, 0)).toBeNull();
});

test('the interval holds the share, stays in 0 to 1, and mirrors with the events', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), fc.nat(), (n, draw) => {
      const events = draw % (n + 1);
      const { value, interval } = wilson(events, n)!;
      const mirror = wilson(n - events, n)!.interval!;
      expect(interval!.low).toBeGreaterThanOrEqual(0);
      expect(interval!.low).toBeLessThanOrEqual(value);
      expect(interval!.high).toBeGreaterThanOrEqual(value);
      expect(interval!.high).toBeLessThanOrEqual(1);
      expect(mirror.low).toBeCloseTo(1 - interval!.high, 12);
    }),
  );
});
