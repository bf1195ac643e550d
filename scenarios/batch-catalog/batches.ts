import type { Redis } from 'ioredis';
import { rankOf } from '../clients/closed-loop.ts';
import { keyOf } from '../clients/ways.ts';

/** Values of one batch; the restaurant has 240 dishes. */
export const SIZES = [1, 10, 100, 240] as const;
/** Round trips that a link adds to loopback's own, in ms. */
export const ROUND_TRIPS_MS = [0, 1, 5] as const;

/** Ways to get n values. */
export const WAYS = ['one-by-one', 'at-once', 'pipeline', 'mget'] as const;
export type Way = (typeof WAYS)[number];

/** Round trips that a batch of n waits for. */
export function roundTripsOf(way: Way, n: number): number {
  return way === 'one-by-one' ? n : 1;
}

/** Gets n values. @returns How many were there. */
export async function getBatch(redis: Redis, way: Way, n: number): Promise<number> {
  const keys = Array.from({ length: n }, (_, index) => keyOf(index));
  switch (way) {
    case 'one-by-one': {
      let found = 0;
      for (const key of keys) if ((await redis.getBuffer(key)) !== null) found += 1;
      return found;
    }
    case 'at-once': {
      const values = await Promise.all(keys.map((key) => redis.getBuffer(key)));
      return values.filter((value) => value !== null).length;
    }
    case 'pipeline': {
      const batch = redis.pipeline();
      for (const key of keys) batch.getBuffer(key);
      const answers = (await batch.exec()) ?? [];
      return answers.filter(([error, value]) => error === null && value !== null).length;
    }
    case 'mget':
      return (await redis.mgetBuffer(...keys)).filter((value) => value !== null).length;
    default:
      return way satisfies never;
  }
}

/** Values that the batches of one cell get together, at least: short batches are repeated, the longest ones come once. */
const VALUES = 100;
const FEWEST = { 'one-by-one': 1, batched: 15 } as const;
const WARM_BATCHES = 2;

/**
 * Median time of a batch.
 * @throws Error when a value is missing.
 */
export async function timeBatch(redis: Redis, way: Way, n: number): Promise<number> {
  const fewest = way === 'one-by-one' ? FEWEST[way] : FEWEST.batched;
  const repetitions = Math.max(fewest, Math.ceil(VALUES / n / (way === 'one-by-one' ? 4 : 1)));
  const warm = fewest === 1 ? 0 : WARM_BATCHES;
  const times: number[] = [];
  for (let index = -warm; index < repetitions; index += 1) {
    const startMs = performance.now();
    const found = await getBatch(redis, way, n);
    if (index >= 0) times.push(performance.now() - startMs);
    if (found !== n) throw new Error(`${found} of ${n} values`);
  }
  return rankOf(times, 0.5)!;
}
