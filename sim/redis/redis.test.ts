import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { smallTraces } from '../fixtures/traces.ts';
import { randomStream } from '../random.ts';
import type { Cache, CacheSetting, Policy } from '../policies/policy.ts';
import { ttlDraw, volatileDraw } from './expiry.ts';
import { REDIS_POLICIES, redisPolicy } from './redis.ts';

const SECONDS = 1000;
const made = (
  policy: Policy,
  setting: Partial<CacheSetting> & { capacity: number; objects: number },
): Cache => policy.create({ bytes: null, seed: 1, tickMs: SECONDS, ...setting });

describe.each([
  ...REDIS_POLICIES,
  redisPolicy('allkeys-lru', { samples: 10 }),
  redisPolicy('volatile-lfu', { samples: 1 }),
  redisPolicy('volatile-ttl', { volatileShare: 0.5, ttlFromMs: 50_000, ttlToMs: 150_000 }),
])('$name', (policy) => {
  const ticksOf = (ids: Int32Array): Uint32Array => Uint32Array.from(ids, (_, at) => at >> 2);

  test('a request hits if and only if its object is resident, and used is what is resident, at most the capacity', () => {
    fc.assert(
      fc.property(smallTraces, fc.boolean(), ({ ids, objects, capacity }, sized) => {
        const bytes = sized ? Uint32Array.from({ length: objects }, (_, id) => id % 5) : null;
        const cache = made(policy, { capacity, objects, bytes });
        const rooms = Array.from({ length: objects }, (_, id) => Math.max(1, bytes?.[id] ?? 1));
        for (let at = 0; at < ids.length; at += 1) {
          const resident = cache.has(ids[at]!);
          expect(cache.run(ids, at, at + 1, ticksOf(ids))).toBe(resident ? 1 : 0);
          const held = rooms.filter((_, id) => cache.has(id));
          expect(cache.used).toBe(held.reduce((sum, room) => sum + room, 0));
          expect(cache.used).toBeLessThanOrEqual(capacity);
        }
      }),
      { numRuns: 30 },
    );
  });

  test('blocks of any length give the hits of one long run', () => {
    fc.assert(
      fc.property(smallTraces, fc.integer({ min: 1, max: 50 }), (trace, block) => {
        const { ids, objects, capacity } = trace;
        const whole = made(policy, { capacity, objects }).run(ids, 0, ids.length, ticksOf(ids));
        const cache = made(policy, { capacity, objects });
        let hits = 0;
        for (let at = 0; at < ids.length; at += block)
          hits += cache.run(ids, at, Math.min(ids.length, at + block), ticksOf(ids));
        expect(hits).toBe(whole);
      }),
      { numRuns: 30 },
    );
  });

  test('with room for all objects only their first requests and those after a removal miss', () => {
    fc.assert(
      fc.property(smallTraces, ({ ids, objects }) => {
        const cache = made(policy, { capacity: objects, objects });
        expect(cache.run(ids, 0, ids.length, ticksOf(ids))).toBe(ids.length - objects);
        cache.remove(ids[0]!);
        expect(cache.used).toBe(objects - 1);
        expect(cache.run(ids, 0, 1, ticksOf(ids))).toBe(0);
        expect(cache.run(ids, 0, 1, ticksOf(ids))).toBe(1);
      }),
      { numRuns: 30 },
    );
  });
});

/** One candidate of the plain pool below. */
interface Candidate {
  id: number;
  score: number;
}

/**
 * Redis's eviction where every key is sampled at every eviction and no two scores are equal, so that chance has no say: a list
 * sorted by score of which the 16 highest stay, taken from the end, ghosts skipped.
 */
function plainRedis(
  capacity: number,
  onHit: (id: number, nowMs: number) => void,
  onFill: (id: number, nowMs: number) => void,
  score: (id: number, nowMs: number) => number,
): (id: number, nowMs: number) => boolean {
  const resident = new Set<number>();
  let pool: Candidate[] = [];
  return (id, nowMs) => {
    if (resident.has(id)) {
      onHit(id, nowMs);
      return true;
    }
    resident.add(id);
    onFill(id, nowMs);
    if (resident.size <= capacity) return false;
    const sampled = [...resident].map((one) => ({ id: one, score: score(one, nowMs) }));
    pool = [...sampled, ...pool].toSorted((a, b) => a.score - b.score).slice(-16);
    for (let victim = pool.pop(); victim !== undefined; victim = pool.pop())
      if (resident.delete(victim.id)) break;
    return false;
  };
}

function expectSame(
  policy: Policy,
  reference: (capacity: number) => (id: number, nowMs: number) => boolean,
): void {
  fc.assert(
    fc.property(smallTraces, ({ ids, objects, capacity }) => {
      const cache = made(policy, { capacity, objects });
      const plain = reference(capacity);
      const ticks = Uint32Array.from(ids, (_, at) => at);
      const hits = Array.from(ids, (_, at) => cache.run(ids, at, at + 1, ticks) === 1);
      expect(hits).toEqual(Array.from(ids, (id, at) => plain(id, at * SECONDS)));
    }),
    { numRuns: 1000 },
  );
}

test('allkeys-lru with a second between requests and all keys sampled evicts as a plain list does', () => {
  expectSame(redisPolicy('allkeys-lru', { samples: 64 }), (capacity) => {
    const usedMs = new Map<number, number>();
    const touch = (id: number, nowMs: number): void => void usedMs.set(id, nowMs);
    return plainRedis(capacity, touch, touch, (id, nowMs) => nowMs - usedMs.get(id)!);
  });
});

test('volatile-ttl with all keys sampled evicts by the nearest expiry as a plain list does', () => {
  const spread = { ttlFromMs: 20_000, ttlToMs: 90_000_000, ttlPer: 'object' } as const;
  const ttlMs = ttlDraw(1, spread);
  expectSame(redisPolicy('volatile-ttl', { samples: 64, ...spread }), (capacity) => {
    const endsMs = new Map<number, number>();
    const fill = (id: number, nowMs: number): void => void endsMs.set(id, nowMs + ttlMs(id));
    return plainRedis(
      capacity,
      () => {},
      fill,
      (id) => -endsMs.get(id)!,
    );
  });
});

test('a key that was read after it was pooled is evicted all the same', () => {
  const cache = made(redisPolicy('allkeys-lru', { samples: 64 }), { capacity: 4, objects: 6 });
  // Key 4 drives out key 0 and leaves key 1 in the pool as idle for 50 seconds. Then key 1 is read; 2 and 3 are the older now.
  const ids = Int32Array.from([0, 1, 2, 3, 4, 1, 5]);
  const ticks = Uint32Array.from([0, 50, 98, 99, 100, 101, 102]);
  cache.run(ids, 0, 7, ticks);
  expect([0, 1, 2, 3, 4, 5].filter((id) => cache.has(id))).toEqual([2, 3, 4, 5]);
});

describe('1,000,000 requests of Zipf(1.0) over 100,000 keys, 10,100 of them resident', () => {
  const zipf = zipfIds(100_000, 1_000_000);
  const spread = { ttlFromMs: 50_000_000, ttlToMs: 150_000_000 };
  // Hit ratios of three runs of a real Redis 7.0.15, least and most: 10,000 to 10,200 keys were resident.
  test.each([
    { policy: redisPolicy('allkeys-lru'), seconds: 1000, least: 0.7322, most: 0.7341 },
    { policy: redisPolicy('allkeys-lru'), seconds: 4, least: 0.6965, most: 0.7016 },
    { policy: redisPolicy('allkeys-lfu'), seconds: 4, least: 0.7658, most: 0.7676 },
    {
      policy: redisPolicy('allkeys-lfu', { samples: 10 }),
      seconds: 4,
      least: 0.7699,
      most: 0.7717,
    },
    { policy: redisPolicy('allkeys-random'), seconds: 4, least: 0.6959, most: 0.6983 },
    { policy: redisPolicy('volatile-ttl', spread), seconds: 4, least: 0.6993, most: 0.702 },
  ])('$policy.name within $seconds s: as the real server did', (row) => {
    const { policy, seconds, least, most } = row;
    const { ids, objects } = zipf;
    const ticks = Uint32Array.from(ids, (_id, at) => (Math.floor(at / 100) * seconds) / 10);
    const cache = made(policy, { capacity: 10_100, objects, tickMs: 1 });
    const hitRatio = cache.run(ids, 0, ids.length, ticks) / ids.length;
    expect(hitRatio).toBeGreaterThan(least - 0.0015);
    expect(hitRatio).toBeLessThan(most + 0.0015);
  });
});

/** Zipf(1.0), ids dense in the order of their first requests. */
function zipfIds(ranks: number, requests: number): { ids: Int32Array; objects: number } {
  const random = randomStream(1, 'zipf');
  const below = new Float64Array(ranks);
  let sum = 0;
  for (let rank = 0; rank < ranks; rank += 1) {
    sum += 1 / (rank + 1);
    below[rank] = sum;
  }
  const dense = new Int32Array(ranks).fill(-1);
  let objects = 0;
  const ids = Int32Array.from({ length: requests }, () => {
    const drawn = random() * sum;
    let low = 0;
    for (let high = ranks - 1; low < high; ) {
      const middle = (low + high) >> 1;
      if (below[middle]! < drawn) low = middle + 1;
      else high = middle;
    }
    if (dense[low] === -1) dense[low] = objects++;
    return dense[low]!;
  });
  return { ids, objects };
}

test('noeviction refuses new objects when it is full and goes on serving the old', () => {
  const cache = made(redisPolicy('noeviction'), { capacity: 2, objects: 4 });
  expect(cache.run(Int32Array.from([0, 1, 2, 0, 3, 1, 2]), 0, 7, null)).toBe(2);
  expect([0, 1, 2, 3].map((id) => cache.has(id))).toEqual([true, true, false, false]);
});

test('volatile policies evict no key without a TTL and refuse new ones when nothing else is left', () => {
  const setting = { volatileShare: 0.3 };
  const isVolatile = volatileDraw(1, 0.3);
  const all = Int32Array.from({ length: 400 }, (_, id) => id);
  for (const name of ['volatile-lru', 'volatile-lfu', 'volatile-random', 'volatile-ttl'] as const) {
    const cache = made(redisPolicy(name, setting), { capacity: 100, objects: 400 });
    cache.run(all, 0, 400, null);
    const held = [...all].filter((id) => cache.has(id));
    expect(held).toEqual([...all].filter((id) => !isVolatile(id)).slice(0, 100));
  }
});

test('values that Redis would not take are named with what is allowed', () => {
  expect(() => redisPolicy('allkeys-lru', { samples: 65 })).toThrow(
    'samples is 65, allowed are whole numbers from 1 to 64',
  );
  expect(() => redisPolicy('volatile-lru', { volatileShare: 1.5 })).toThrow('0 to 1');
  expect(() => redisPolicy('volatile-ttl', { ttlFromMs: 9, ttlToMs: 8 })).toThrow('ttlFromMs is 9');
});

test('policies with other samples have names of their own', () => {
  expect(redisPolicy('allkeys-lru', { samples: 10 }).name).toBe('redis-allkeys-lru-samples-10');
  expect(redisPolicy('allkeys-lru').name).toBe('redis-allkeys-lru');
});
