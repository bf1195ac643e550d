import { expect, test } from 'vitest';
import { seededRandom } from '../seeded-random.ts';
import { expiriesPerSecond, highestOfWindows, loadedShare, loadsPerExpiry } from './avalanche.ts';

test('1,000 copies with a TTL of 100 s ± 10 % end at 50 a second, with ± 50 % at 10', () => {
  expect(expiriesPerSecond(1000, 0.1, 100)).toBeCloseTo(50);
  expect(expiriesPerSecond(1000, 0.5, 100)).toBeCloseTo(10);
});

test('4 requests a second to a page that takes 0.5 s to load make 3 loads', () => {
  expect(loadsPerExpiry(4, 0.5)).toBe(3);
});

test('loads lag behind expiries by a request’s wait, as 200,000 drawn copies show', () => {
  const random = seededRandom('loaded share');
  const copies = 200_000;
  // Expiries spread over 20 s, the next request of each copy at 0.26 a second.
  const loads = Array.from(
    { length: copies },
    () => 20 * random() - Math.log(1 - random()) / 0.26,
  ).filter((at) => at >= 10 && at < 20).length;
  const drawn = loads / (copies * (10 / 20));
  expect(Math.abs(loadedShare(0.26, 10, 20) - drawn)).toBeLessThan(0.006);
  expect(loadedShare(0.26, 10, 20)).toBeLessThan(0.98);
});

test('the highest of 20 windows of 50 lies within its range in 95 % of 4,000 drawn spreads', () => {
  const random = seededRandom('highest window');
  const { low, median, high } = highestOfWindows(20, 50);
  expect([low, median, high]).toEqual([57, 63, 73]);
  let within = 0;
  for (let round = 0; round < 4000; round += 1) {
    const windows = Array.from({ length: 20 }, () => 0);
    for (let copy = 0; copy < 1000; copy += 1) {
      const window = Math.floor(random() * 20);
      windows[window] = (windows[window] ?? 0) + 1;
    }
    const top = Math.max(...windows);
    if (top >= low && top <= high) within += 1;
  }
  expect(within / 4000).toBeGreaterThan(0.94);
});
