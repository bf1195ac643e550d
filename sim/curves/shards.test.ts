import { expect, test } from 'vitest';
import { readsOf, type Trace } from '../trace.ts';
import { zipfTrace } from './fixtures/zipf.ts';
import { lruCurve, missRatioAt } from './mattson.ts';
import type { EstimatedPoint } from './points.ts';
import { popularityOf } from './popularity.ts';
import { sampleObjects } from './sample.ts';
import { shardsAt, shardsCurve } from './shards.ts';

const trace = zipfTrace(200_000, 40_000, 1, 1);
const popularity = popularityOf(trace);
const exact = lruCurve(trace);

/** The points of 20 samples at a rate of 1/10, each with its error against the exact curve. */
function points(
  whole: Trace,
  known: boolean,
  capacities: readonly number[],
): (EstimatedPoint & { error: number })[] {
  const counts = known ? popularityOf(whole) : null;
  const curve = lruCurve(whole);
  return Array.from({ length: 20 }, (_, seed) =>
    shardsCurve(sampleObjects(whole, { rate: 0.1, seed }), counts, seed),
  ).flatMap((sampled) =>
    capacities.map((capacity) => {
      const point = shardsAt(sampled, capacity);
      return { ...point, error: Math.abs(point.missRatio - missRatioAt(curve, capacity)) };
    }),
  );
}

/** Of points, the share whose interval holds the exact miss ratio. */
const held = (all: readonly (EstimatedPoint & { error: number })[]): number =>
  all.filter(({ missRatio, high, error }) => error <= high - missRatio).length / all.length;

const rootMeanSquare = (all: readonly { error: number }[]): number =>
  Math.sqrt(all.reduce((sum, { error }) => sum + error ** 2, 0) / all.length);

test('with known counts 19 of 20 samples err by at most 0.5 points from 400 slots up, a quarter of what plain samples do', () => {
  const capacities = [4000, 8000, 16_000];
  const known = points(trace, true, capacities);
  const plain = points(trace, false, capacities);
  expect(known.filter(({ error }) => error <= 0.005).length).toBeGreaterThanOrEqual(57);
  expect(rootMeanSquare(known)).toBeLessThan(rootMeanSquare(plain) / 4);
  expect(held(known)).toBeGreaterThanOrEqual(0.9);
  expect(held(plain)).toBeGreaterThanOrEqual(0.8);
});

test('where a loop breaks the approximation, the counts do no harm and the intervals hold', () => {
  // Every other request is of a loop over 6,000 objects of its own.
  const ids = Int32Array.from({ length: 200_000 }, (_, at) =>
    at % 2 === 0 ? trace.ids[at >> 1]! : trace.objects + ((at >> 1) % 6000),
  );
  const mixed = readsOf(ids, trace.objects + 6000);
  const known = points(mixed, true, [5000, 20_000]);
  const plain = points(mixed, false, [5000, 20_000]);
  expect(rootMeanSquare(known)).toBeLessThan(1.1 * rootMeanSquare(plain));
  expect(held(known)).toBeGreaterThanOrEqual(0.85);
});

test('below 400 sampled slots the curve is void, and says so', () => {
  const curve = shardsCurve(sampleObjects(trace, { rate: 0.1, seed: 1 }), popularity);
  expect(curve.voidBelow).toBe(4000);
  expect(shardsAt(curve, 3999).usable).toBe(false);
  expect(shardsAt(curve, 4000)).toMatchObject({ usable: true, slots: 400 });
});

test('a sample of all objects is the exact curve, with an interval of no width', () => {
  const curve = shardsCurve(sampleObjects(trace, { rate: 1, seed: 1 }), popularity);
  const { missRatio, low, high } = shardsAt(curve, 5000);
  expect(missRatio).toBeCloseTo(missRatioAt(exact, 5000), 12);
  expect([low, high]).toEqual([missRatio, missRatio]);
});

test('warmed up, a sample is held against the warm requests alone', () => {
  const from = 100_000;
  const sample = sampleObjects(trace, { rate: 0.2, seed: 3, from });
  const { missRatio } = shardsAt(shardsCurve(sample, popularityOf(trace, from)), 4000);
  expect(Math.abs(missRatio - missRatioAt(lruCurve(trace, from), 4000))).toBeLessThan(0.01);
});
