import { expect, test } from 'vitest';
import { bloomShape, falsePositiveRate } from './bloom.ts';

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
