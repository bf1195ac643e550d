import { expect, test } from 'vitest';
import { interval95, student95 } from './student.ts';

test.each([
  [1, 12.7062],
  [2, 4.3027],
  [3, 3.1824],
  [7, 2.3646],
  [9, 2.2622],
  [30, 2.0423],
  [999, 1.9623],
])('with %i degrees of freedom |T| stays below %f in 95 of 100', (freedom, t) => {
  expect(student95(freedom)).toBeCloseTo(t, 4);
});

test('1, 2, 3, 4 have the mean 2.5 and the interval 0.446 to 4.554', () => {
  const { mean, low, high } = interval95([1, 2, 3, 4]);
  expect([mean, low, high].map((value) => value.toFixed(3))).toEqual(['2.500', '0.446', '4.554']);
});
