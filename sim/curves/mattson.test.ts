import fc from 'fast-check';
import { expect, test } from 'vitest';
import { smallTraces } from '../fixtures/traces.ts';
import { lru } from '../policies/lru.ts';
import { readsOf } from '../trace.ts';
import { zipfTrace } from './fixtures/zipf.ts';
import { lruCurve, missRatioAt } from './mattson.ts';
import { missRatios } from './points.ts';

test('at every size the curve has the hits of an LRU cache of that size, on 1,000 traces, cold or warmed up', () => {
  fc.assert(
    fc.property(
      smallTraces,
      fc.double({ min: 0, max: 1, noNaN: true }),
      ({ ids, objects }, warm) => {
        const trace = readsOf(ids, objects);
        const sizes = Array.from({ length: objects + 2 }, (_, at) => at + 1);
        const from = Math.floor(warm * ids.length);
        const curve = lruCurve(trace, from);
        expect(sizes.map((size) => missRatioAt(curve, size))).toEqual(
          missRatios(lru, trace, sizes, { from }).map(({ missRatio }) => missRatio),
        );
        expect(missRatioAt(curve, 0)).toBe(from === ids.length ? 0 : 1);
      },
    ),
    { numRuns: 1000 },
  );
});

test('the window is renumbered more than a dozen times on 60,000 requests for 300 objects, and every size stays exact', () => {
  const trace = zipfTrace(60_000, 300, 0.6, 3);
  const sizes = [1, 2, 10, 31, 32, 33, 100, 250, 299, 300];
  const curve = lruCurve(trace);
  expect(sizes.map((size) => missRatioAt(curve, size))).toEqual(
    missRatios(lru, trace, sizes).map(({ missRatio }) => missRatio),
  );
});

test('a loop over 5 objects has the stack distance 5 for all but its first requests', () => {
  const ids = Int32Array.from({ length: 50 }, (_, at) => at % 5);
  expect(lruCurve({ ids, objects: 5 })).toEqual({
    hits: Uint32Array.of(0, 0, 0, 0, 0, 45),
    requests: 50,
  });
});

test('an empty trace misses nothing, and a negative size is refused', () => {
  const curve = lruCurve({ ids: new Int32Array(0), objects: 0 });
  expect(missRatioAt(curve, 7)).toBe(0);
  expect(() => missRatioAt(curve, -1)).toThrow('capacity is -1, allowed: from 0');
});
