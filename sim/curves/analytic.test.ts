import { describe, expect, test } from 'vitest';
import { fifo } from '../policies/fifo.ts';
import { lru } from '../policies/lru.ts';
import { exponential, randomStream } from '../random.ts';
import { cheApproximation, fixedTtlHitRatio, slidingTtlHitRatio } from './analytic.ts';
import { zipfTrace } from './fixtures/zipf.ts';
import { missRatios } from './points.ts';
import { popularityFrom, popularityOf } from './popularity.ts';

/** Zipf(0.9) over 5,000 objects. */
const skewed = popularityFrom(Float64Array.from({ length: 5000 }, (_, rank) => (rank + 1) ** -0.9));

const skewedTrace = zipfTrace(150_000, 5000, 0.9, 21);

test('Che is within 1 % of the misses of simulated LRU and FIFO caches on the warm half of independent requests', () => {
  const trace = zipfTrace(300_000, 20_000, 0.9, 11);
  const popularity = popularityOf(trace);
  for (const [policy, kernel] of [
    ['lru', lru],
    ['fifo', fifo],
  ] as const)
    for (const { capacity, missRatio } of missRatios(kernel, trace, [200, 1000, 4000], {
      from: 150_000,
    })) {
      const misses = cheApproximation(policy, popularity, capacity).missRatio;
      expect(Math.abs(misses / missRatio - 1)).toBeLessThan(0.01);
    }
});

test('with equal objects the miss ratio is the share of them that does not fit, for every policy', () => {
  const equal = popularityFrom(new Float64Array(1000).fill(7));
  for (const policy of ['lru', 'fifo', 'random'] as const)
    expect(cheApproximation(policy, equal, 250).missRatio).toBeCloseTo(0.75, 8);
});

test('room for all objects evicts nothing and hits always', () => {
  expect(cheApproximation('lru', skewed, 5000)).toEqual({
    missRatio: expect.closeTo(0, 12) as number,
    characteristicRequests: Number.POSITIVE_INFINITY,
  });
});

describe('with a TTL', () => {
  const fixed = (requests: number) => ({ kind: 'fixed', requests }) as const;
  const sum = (hitOf: (share: number) => number): number =>
    skewed.shares.reduce((total, share) => total + share * hitOf(share), 0);

  test('of 1,000 requests a cache that never fills has the renewal forms', () => {
    expect(cheApproximation('lru', skewed, 4000, fixed(1000)).missRatio).toBeCloseTo(
      1 - sum((share) => fixedTtlHitRatio(1000 * share)),
      12,
    );
    expect(
      cheApproximation('lru', skewed, 4000, { kind: 'sliding', requests: 1000 }).missRatio,
    ).toBeCloseTo(1 - sum((share) => slidingTtlHitRatio(1000 * share)), 12);
    expect(fixedTtlHitRatio(3)).toBe(0.75);
    expect(slidingTtlHitRatio(Math.log(4))).toBeCloseTo(0.75, 12);
  });

  test('that is endless nothing changes', () => {
    for (const policy of ['lru', 'fifo', 'random'] as const)
      expect(cheApproximation(policy, skewed, 500, fixed(1e12)).missRatio).toBeCloseTo(
        cheApproximation(policy, skewed, 500).missRatio,
        5,
      );
  });

  test('that is longer than a sliding life in a small cache only evictions count', () => {
    const bare = cheApproximation('lru', skewed, 200);
    const longer = { kind: 'sliding', requests: 2 * bare.characteristicRequests } as const;
    expect(cheApproximation('lru', skewed, 200, longer)).toEqual(bare);
  });

  test.each([
    ['lru', 0.5],
    ['lru', 1.5],
    ['lru', 4],
    ['fifo', 0.5],
    ['fifo', 1.5],
    ['random', 1.5],
  ] as const)(
    '%s: of %d characteristic times the miss ratio is within 1 % of that of a simulated cache',
    (policy, times) => {
      const capacity = 400;
      const ttl = times * cheApproximation(policy, skewed, capacity).characteristicRequests;
      const said = cheApproximation(policy, skewed, capacity, fixed(ttl)).missRatio;
      const seen = simulatedMissRatio(policy, capacity, ttl);
      expect(Math.abs(said / seen - 1)).toBeLessThan(0.01);
    },
  );
});

test('capacities below 1, TTLs of 0 and a sliding TTL under FIFO are refused', () => {
  expect(() => cheApproximation('lru', skewed, 0)).toThrow('capacity is 0, allowed: from 1');
  const ttl = (kind: 'fixed' | 'sliding', requests: number) => ({ kind, requests });
  expect(() => cheApproximation('lru', skewed, 9, ttl('fixed', 0))).toThrow('ttl is 0 requests');
  expect(() => cheApproximation('fifo', skewed, 9, ttl('sliding', 9))).toThrow('not for fifo');
});

/** A cache with a TTL as plainly as can be: a Map in order of use (LRU) or of entry, whose expired copies leave at once. */
function simulatedMissRatio(
  policy: 'lru' | 'fifo' | 'random',
  capacity: number,
  ttl: number,
): number {
  const random = randomStream(1, policy);
  const fetchedAt = new Map<number, number>();
  const born: { id: number; at: number }[] = [];
  let dead = 0;
  let now = 0;
  let misses = 0;
  for (let at = 0; at < skewedTrace.ids.length; at += 1) {
    now += exponential(random, 1);
    for (; dead < born.length && born[dead]!.at + ttl < now; dead += 1)
      if (fetchedAt.get(born[dead]!.id) === born[dead]!.at) fetchedAt.delete(born[dead]!.id);
    const id = skewedTrace.ids[at]!;
    const fetched = fetchedAt.get(id);
    if (fetched === undefined) {
      if (at >= 30_000) misses += 1;
      if (fetchedAt.size >= capacity) {
        const victims = fetchedAt.keys();
        const skipped = policy === 'random' ? Math.floor(random() * fetchedAt.size) : 0;
        for (let skip = 0; skip < skipped; skip += 1) victims.next();
        fetchedAt.delete(victims.next().value!);
      }
      fetchedAt.set(id, now);
      born.push({ id, at: now });
    } else if (policy === 'lru') {
      fetchedAt.delete(id);
      fetchedAt.set(id, fetched);
    }
  }
  return misses / 120_000;
}
