import { describe, expect, test } from 'vitest';
import { randomStream } from '../random.ts';
import { idleMs, lfuChances, lfuCounter, lfuMinute, lfuNew, lruClock } from './stamps.ts';

test('the LRU clock counts whole seconds in 24 bits, and idle times outlive its wrap but for one second', () => {
  expect(lruClock(1999)).toBe(1);
  expect(lruClock(2 ** 24 * 1000)).toBe(0);
  expect(idleMs(10, 13)).toBe(3000);
  expect(idleMs(2 ** 24 - 3, 2)).toBe(4000);
});

test('the LFU counter loses 1 in a decay time, never below 0, and halves nothing', () => {
  const stamp = (7 << 8) | 200;
  expect(lfuCounter(stamp, 7, 1)).toBe(200);
  expect(lfuCounter(stamp, 10, 1)).toBe(197);
  expect(lfuCounter(stamp, 10, 2)).toBe(199);
  expect(lfuCounter(stamp, 1000, 1)).toBe(0);
  expect(lfuCounter(stamp, 1000, 0)).toBe(200);
  expect(lfuCounter((65_534 << 8) | 9, 1, 1)).toBe(7);
  expect(lfuNew(lfuMinute(120_000))).toBe((2 << 8) | 5);
});

describe('counters after many hits are those of the table in redis.conf', () => {
  // Factor, hits, counter.
  test.each([
    [0, 100, 104],
    [0, 1000, 255],
    [1, 1000, 49],
    [10, 100, 10],
    [10, 1000, 18],
    [10, 100_000, 142],
    [100, 100, 8],
    [100, 100_000, 49],
  ])('log factor %i, %i hits: about %i', (factor, hits, expected) => {
    const chances = lfuChances(factor);
    const random = randomStream(3, 'test');
    let sum = 0;
    const rounds = hits > 1000 ? 5 : 20;
    for (let round = 0; round < rounds; round += 1) {
      let counter = 5;
      for (let hit = 0; hit < hits; hit += 1) if (random() < chances[counter]!) counter += 1;
      sum += counter;
    }
    expect(Math.abs(sum / rounds - expected)).toBeLessThan(Math.max(2, 0.03 * expected));
  });
});
