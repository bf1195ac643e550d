import { expect, test } from 'vitest';
import { seededRandom } from '../seeded-random.ts';
import { medianOf } from './median.ts';

test('the median of 20 values lies between the 6th and the 15th, of 6 between the least and the greatest', () => {
  const twenty = Array.from({ length: 20 }, (_, index) => 20 - index);
  expect(medianOf(twenty)).toEqual({
    value: 10.5,
    interval: { low: 6, high: 15, level: 0.95 },
    n: 20,
  });
  expect(medianOf([3, 1, 2, 6, 5, 4])?.interval).toMatchObject({ low: 1, high: 6 });
});

test('5 values have a median and no interval, none have neither', () => {
  expect(medianOf([5, 1, 4, 2, 3])).toEqual({ value: 3, interval: null, n: 5 });
  expect(medianOf([])).toBeNull();
});

test('the interval holds the true median of a skewed distribution in 95 % of 2,000 samples of 15, or a little more', () => {
  const random = seededRandom('median');
  const samples = Array.from({ length: 2000 }, () =>
    Array.from({ length: 15 }, () => -Math.log(1 - random())),
  );
  const held = samples.filter((sample) => {
    const { low, high } = medianOf(sample)!.interval!;
    return low <= Math.LN2 && Math.LN2 <= high;
  }).length;
  expect(held / 2000).toBeGreaterThan(0.95);
  expect(held / 2000).toBeLessThan(0.985);
});
