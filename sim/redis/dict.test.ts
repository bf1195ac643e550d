import fc from 'fast-check';
import { expect, test } from 'vitest';
import { randomStream } from '../random.ts';
import { Dict, hashOf, NO_KEY } from './dict.ts';

const ROOMY = Number.POSITIVE_INFINITY;

function filled(keys: number, freeBytes: number = ROOMY): Dict {
  const dict = new Dict(keys, 77, randomStream(5, 'test'));
  for (let id = 0; id < keys; id += 1) dict.add(id, freeBytes);
  return dict;
}

/** How often each of the keys is drawn. */
function countsOf(keys: number, draws: number, draw: () => ArrayLike<number>): number[] {
  const counts = Array.from({ length: keys }, () => 0);
  for (let i = 0; i < draws; i += 1) for (const id of Array.from(draw())) counts[id]! += 1;
  return counts;
}

test('samples are keys of the table, as many as asked for or as there are, whatever was added and deleted', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 60 }), { maxLength: 300 }),
      fc.integer({ min: 1, max: 64 }),
      (toggles, places) => {
        const dict = new Dict(61, 3, randomStream(1, 'test'));
        const held = new Set<number>();
        const into = new Int32Array(places);
        for (const id of toggles) {
          if (held.delete(id)) dict.delete(id);
          else {
            held.add(id);
            dict.add(id, ROOMY);
          }
          expect(dict.used).toBe(held.size);
          const count = dict.sample(into);
          expect(count).toBeLessThanOrEqual(Math.min(places, held.size));
          for (const sampled of into.subarray(0, count)) expect(held).toContain(sampled);
          const drawn = dict.randomKey();
          expect(held.has(drawn) || (held.size === 0 && drawn === NO_KEY)).toBe(true);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('sampled keys are neighbours in the table: two samples that meet share most of their keys', () => {
  const dict = filled(10_000);
  const into = new Int32Array(5);
  let meetings = 0;
  let shared = 0;
  const samples = Array.from({ length: 3000 }, () => {
    dict.sample(into);
    return [...into];
  });
  const withKey = new Map<number, number[][]>();
  for (const sample of samples)
    for (const id of sample) {
      for (const other of withKey.get(id) ?? []) {
        meetings += 1;
        shared += sample.filter((one) => other.includes(one)).length;
      }
      withKey.set(id, [...(withKey.get(id) ?? []), sample]);
    }
  // Of 5 keys drawn one by one, two samples that share one would share 1.002.
  expect(shared / meetings).toBeGreaterThan(2.5);
});

test('a sample of one reaches every key of a chain, not only the first', () => {
  const dict = filled(200);
  const into = new Int32Array(1);
  const counts = countsOf(200, 20_000, () => {
    dict.sample(into);
    return into;
  });
  expect(Math.min(...counts)).toBeGreaterThan(0);
});

test('a random key comes less often from a long chain: alone in its bucket twice as often as one of two', () => {
  const dict = filled(1000);
  const mask = 1023;
  const chain = new Map<number, number>();
  const bucketOf = (id: number): number => hashOf(id, 77) & mask;
  for (let id = 0; id < 1000; id += 1) chain.set(bucketOf(id), (chain.get(bucketOf(id)) ?? 0) + 1);
  const counts = countsOf(1000, 200_000, () => [dict.randomKey()]);
  const meanOf = (length: number): number => {
    const drawn = counts.filter((_, id) => chain.get(bucketOf(id)) === length);
    return drawn.reduce((sum, one) => sum + one, 0) / drawn.length;
  };
  expect(meanOf(1) / meanOf(2)).toBeCloseTo(2, 1);
  expect(meanOf(1) / meanOf(3)).toBeGreaterThan(2.7);
});

test('a table grows when it is full, but without room for it only from load 1.618 on', () => {
  // Keys a non-empty bucket: at load 1.6 on average 1.6 / (1 − e^−1.6) = 2.0, at 0.8 it is 1.45.
  const meanChain = (dict: Dict): number => {
    const into = new Int32Array(64);
    let found = 0;
    let buckets = 0;
    for (let i = 0; i < 2000; i += 1) {
      const count = dict.sample(into);
      found += count;
      buckets += new Set([...into.subarray(0, count)].map((id) => hashOf(id, 77) & 4095)).size;
    }
    return found / buckets;
  };
  expect(meanChain(filled(6500, 0))).toBeCloseTo(2, 1);
  expect(meanChain(filled(6800, 0))).toBeCloseTo(1.47, 1);
  expect(meanChain(filled(6500))).toBeCloseTo(1.45, 1);
});

test('a table that shrinks keeps every key', () => {
  const dict = filled(2000);
  for (let id = 40; id < 2000; id += 1) dict.delete(id);
  const counts = countsOf(2000, 1, () => Int32Array.from({ length: 2000 }, () => dict.randomKey()));
  expect(counts.map((count) => count > 0)).toEqual(counts.map((_, id) => id < 40));
});
