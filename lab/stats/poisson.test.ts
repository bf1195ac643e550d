import { expect, test } from 'vitest';
import { poissonInterval } from './poisson.ts';

// Garwood's limits as tabulated, e.g. in Ulm (1990).
test.each([
  [1, 0.0253, 5.572],
  [5, 1.623, 11.668],
  [10, 4.795, 18.39],
  [100, 81.36, 121.63],
])('%i events: a mean from %f to %f', (events, low, high) => {
  const interval = poissonInterval(events);
  expect(interval.low / low).toBeCloseTo(1, 2);
  expect(interval.high / high).toBeCloseTo(1, 2);
});

test('no event leaves a mean of up to 3', () => {
  expect(poissonInterval(0).low).toBe(0);
  expect(poissonInterval(0).high).toBeCloseTo(3, 1);
});

test('1,000 events keep their interval finite', () => {
  const { low, high } = poissonInterval(1000);
  expect(low).toBeGreaterThan(938);
  expect(high).toBeLessThan(1065);
});
