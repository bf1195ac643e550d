import { expect, test } from 'vitest';
import { lru } from '../policies/lru.ts';
import { readsOf, type Trace } from '../trace.ts';
import { logSpaced, missRatios } from './points.ts';

test('an LRU cache of 2 misses 4 of 0 1 0 2 1, and 2 of the last 3', () => {
  const trace = readsOf(Int32Array.of(0, 1, 0, 2, 1), 3);
  expect(missRatios(lru, trace, [2])).toEqual([{ capacity: 2, missRatio: 4 / 5 }]);
  expect(missRatios(lru, trace, [2], { from: 2 })[0]?.missRatio).toBeCloseTo(2 / 3, 12);
});

test('where the trace has sizes, capacities are bytes', () => {
  const trace: Trace = {
    ...readsOf(Int32Array.of(0, 1, 0, 1), 2),
    bytes: Uint32Array.of(600, 500),
  };
  expect(missRatios(lru, trace, [1000, 1100]).map(({ missRatio }) => missRatio)).toEqual([1, 0.5]);
});

test('an empty cache and a warm-up longer than the trace are refused', () => {
  const trace = readsOf(Int32Array.of(0), 1);
  expect(() => missRatios(lru, trace, [0])).toThrow('capacity is 0');
  expect(() => missRatios(lru, trace, [1], { from: 2 })).toThrow('from is 2, allowed: whole');
});

test('13 sizes from 1 to 1 million lie half a decade apart, and small ones that round alike are listed once', () => {
  const sizes = logSpaced(1, 1_000_000, 13);
  expect(sizes).toEqual([
    1, 3, 10, 32, 100, 316, 1000, 3162, 10_000, 31_623, 100_000, 316_228, 1_000_000,
  ]);
  expect(logSpaced(1, 4, 20)).toEqual([1, 2, 3, 4]);
  expect(logSpaced(9, 9, 2)).toEqual([9]);
});
