import { expect, test } from 'vitest';
import { tInterval, tQuantile } from './t-interval.ts';

test.each([
  [0.975, 1, 12.706],
  [0.975, 5, 2.571],
  [0.95, 11, 1.796],
  [0.975, 11, 2.201],
  [0.8, 11, 0.876],
  [0.975, 1000, 1.962],
])("Student's t at %f with %i degrees of freedom is %f", (p, degrees, expected) => {
  expect(tQuantile(p, degrees)).toBeCloseTo(expected, 3);
});

test("the 95 % interval of Student's own sleep data is 0.70 to 2.46 hours", () => {
  // Extra sleep of drug 2 over drug 1, ten patients (Student 1908); R: t.test(sleep, paired = TRUE).
  const extra = [1.2, 2.4, 1.3, 1.3, 0, 1, 1.8, 0.8, 4.6, 1.4];
  const interval = tInterval(extra, 0.95)!;
  expect(interval.mean).toBeCloseTo(1.58, 10);
  expect(interval.low).toBeCloseTo(0.7001, 4);
  expect(interval.high).toBeCloseTo(2.4599, 4);
});

test('one value has no interval, two equal ones an interval of length 0', () => {
  expect(tInterval([3], 0.95)).toBeNull();
  expect(tInterval([3, 3], 0.95)).toEqual({ mean: 3, sd: 0, low: 3, high: 3, n: 2 });
});
