import type { Redis } from 'ioredis';
import { shuffled } from '../../lab/seeded-random.ts';
import { LEAST_VALUE_BYTES, MOST_VALUE_BYTES } from './plan.ts';
import { cpuSeconds } from './memory.ts';

const BATCH = 500;
/** Values are pieces of it: texts of any size without making any. */
const TEXT = 'v'.repeat(MOST_VALUE_BYTES);

const keyOf = (id: number): string => `page:${id}`;

/** All keys, in an order drawn anew. */
export function inAnyOrder(random: () => number, keys: number): number[] {
  return shuffled(
    Array.from({ length: keys }, (_, id) => id),
    random,
  );
}

/** Writes these keys with values of sizes drawn anew. */
export async function write(
  redis: Redis,
  ids: readonly number[],
  random: () => number,
): Promise<void> {
  for (let from = 0; from < ids.length; from += BATCH) {
    const pipeline = redis.pipeline();
    for (const id of ids.slice(from, from + BATCH)) {
      const spread = MOST_VALUE_BYTES - LEAST_VALUE_BYTES;
      pipeline.set(keyOf(id), TEXT.slice(0, LEAST_VALUE_BYTES + Math.floor(random() * spread)));
    }
    await pipeline.exec();
  }
}

/** Deletes these keys. */
export async function remove(redis: Redis, ids: readonly number[]): Promise<void> {
  for (let from = 0; from < ids.length; from += BATCH)
    await redis.del(...ids.slice(from, from + BATCH).map(keyOf));
}

/** CPU microseconds of one GET, read in pipelines from these keys. */
export async function readMicros(redis: Redis, ids: readonly number[]): Promise<number> {
  const before = await cpuSeconds(redis);
  for (let from = 0; from < ids.length; from += BATCH) {
    const pipeline = redis.pipeline();
    for (const id of ids.slice(from, from + BATCH)) pipeline.get(keyOf(id));
    await pipeline.exec();
  }
  return (((await cpuSeconds(redis)) - before) * 1e6) / ids.length;
}
