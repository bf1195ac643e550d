import { expect, test } from 'vitest';
import { arithmeticMean, geometricMean } from './mean.ts';

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

test('the arithmetic mean of 0, 0 and 3 is 1, with an interval from -3.3 to 5.3', () => {
  const { value, interval, n } = arithmeticMean([0, 0, 3])!;
  expect(value).toBe(1);
  expect(interval!.low).toBeCloseTo(1 - 4.3027, 3); // sd = sqrt 3, so the margin is t
  expect(interval!.high).toBeCloseTo(1 + 4.3027, 3);
  expect(n).toBe(3);
  expect(arithmeticMean([])).toBeNull();
});
