import { expect, test } from 'vitest';
import { seededRandom } from '../seeded-random.ts';
import { bloomShape, falsePositiveRate, falsePositiveSpread } from './bloom.ts';

test('1 % takes 9.6 bits and 7 hashes a key', () => {
  expect(bloomShape(1000, 0.01)).toEqual({ bits: 9586, hashes: 7 });
});

test.each([
  [1, 0.01],
  [2, 0.158],
  [4, 0.68],
  [8, 0.98],
])(
  'a filter with %i times the keys it was made for lets %f of the absent ones through',
  (times, rate) => {
    const measured = falsePositiveRate(bloomShape(1000, 0.01), times * 1000);
    expect(Math.abs(measured - rate)).toBeLessThan(0.005);
  },
);

test('300 filters of 100 keys differ by as much as theory says, around the rate that it says', () => {
  const random = seededRandom('filters');
  const shape = bloomShape(50, 0.01);
  const rates = Array.from({ length: 300 }, () => {
    const bits = new Set<number>();
    for (let draw = 0; draw < 100 * shape.hashes; draw += 1) {
      bits.add(Math.floor(random() * shape.bits));
    }
    return (bits.size / shape.bits) ** shape.hashes;
  });
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  const sd = Math.sqrt(rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length);
  expect(mean / falsePositiveRate(shape, 100)).toBeCloseTo(1, 1);
  expect(sd / falsePositiveSpread(shape, 100)).toBeGreaterThan(0.85);
  expect(sd / falsePositiveSpread(shape, 100)).toBeLessThan(1.15);
});
