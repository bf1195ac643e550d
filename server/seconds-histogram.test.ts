import { expect, test } from 'vitest';
import { SecondsHistogram } from './seconds-histogram.ts';

test('a duration belongs to the first bound that it does not exceed, and to none above 1 s', () => {
  const histogram = new SecondsHistogram([0.01, 0.1, 1]);
  for (const seconds of [0, 0.01, 0.010_01, 1, 1.5, 60]) histogram.record(seconds);
  expect(histogram.counts).toEqual([2, 1, 1, 2]);
  expect(histogram.count).toBe(6);
  expect(histogram.sumSeconds).toBeCloseTo(62.520_01, 9);
});
