import { expect, test } from 'vitest';
import { geometricMean } from './geometric.ts';

test('the geometric mean of 1, 10 and 100 is 10, with an interval from 0.033 to 3,049', () => {
  const { value, interval, n } = geometricMean([1, 10, 100])!;
  expect(value).toBeCloseTo(10, 12);
  // exp(ln 10 +- 4.3027 * ln 10 / sqrt 3)
  expect(interval!.low).toBeCloseTo(0.0328, 4);
  expect(interval!.high / 3049).toBeCloseTo(1, 2);
  expect(n).toBe(3);
});

test('one trial has a mean and no interval; none, or a zero among them, has no mean', () => {
  expect(geometricMean([7])!.value).toBeCloseTo(7, 12);
  expect(geometricMean([7])!.interval).toBeNull();
  expect(geometricMean([])).toBeNull();
  expect(geometricMean([3, 0])).toBeNull();
});
