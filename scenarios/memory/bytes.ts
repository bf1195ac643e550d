import type { ChainableCommander, Redis } from 'ioredis';
import { Trips } from './trips.ts';

/** Redis goes on rehashing its table in steps of 100 ms. */
const REHASH_STEP_MS = 120;
const MOST_READINGS = 50;
/** Commands in one pipeline. */
const PIPELINE = 512;

/** Weighs what is written into an otherwise empty server. */
export type Scales = (write: (writer: Redis) => Promise<void>) => Promise<number>;

/**
 * Memory that a write takes, in bytes: growth of `used_memory`, which is what the allocator handed out, tables included. The
 * writer has a connection of its own, which is gone when the memory is read; what it wrote stays until the next weighing.
 * @param redis - Asks for little else: its buffers count. The whole server is emptied.
 */
export async function scalesOf(
  redis: Redis,
  sleep: (ms: number) => Promise<void>,
): Promise<Scales> {
  // Each command's first call takes 24 KB for a histogram of its latency; servers before Redis 7 have none to switch off.
  await redis.config('SET', 'latency-tracking', 'no').catch(() => {});
  await redis.config('SET', 'slowlog-log-slower-than', -1); // its entries take memory, too
  await smallBuffer(redis, sleep);
  return async (write) => {
    await redis.flushall('SYNC');
    const before = await usedBytes(redis);
    const writer = redis.duplicate();
    try {
      await write(writer);
    } finally {
      await writer.quit();
    }
    return (await settledBytes(redis, sleep)) - before;
  };
}

/** A connection begins with 16 KiB for replies, and gets less once Redis has seen that it asks for little. */
async function smallBuffer(redis: Redis, sleep: (ms: number) => Promise<void>): Promise<void> {
  for (let reading = 0; reading < MOST_READINGS; reading += 1) {
    const clients = String(await redis.client('LIST'));
    if (!clients.includes(' rbs=16384 ')) return;
    await sleep(REHASH_STEP_MS);
  }
}

/** Memory in use once it stays the same. @throws Error if it never does. */
async function settledBytes(redis: Redis, sleep: (ms: number) => Promise<void>): Promise<number> {
  let last = await usedBytes(redis);
  for (let reading = 0; reading < MOST_READINGS; reading += 1) {
    await sleep(REHASH_STEP_MS);
    const now = await usedBytes(redis);
    if (now === last) return now;
    last = now;
  }
  throw new Error('the memory of an idle Redis goes on changing');
}

async function usedBytes(redis: Redis): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
}

/** One command for each item, many of them sent together. */
export async function inPipelines<T>(
  redis: Redis,
  items: readonly T[],
  add: (pipeline: ChainableCommander, item: T) => unknown,
): Promise<void> {
  const trips = new Trips(redis);
  for (let from = 0; from < items.length; from += PIPELINE) {
    await trips.together((pipeline) => {
      for (const item of items.slice(from, from + PIPELINE)) add(pipeline, item);
    });
  }
}

/** Sum of `MEMORY USAGE` over keys, each looked at as a whole. */
export async function usageOf(trips: Trips, keys: readonly string[]): Promise<number> {
  const usages = await trips.together((pipeline) => {
    for (const key of keys) pipeline.memory('USAGE', key, 'SAMPLES', 0);
  });
  return usages.reduce<number>((sum, one) => sum + Number(one), 0);
}

/** Steps of the allocator's small sizes, as it tells them; null where it is not jemalloc. */
export async function quantumOf(redis: Redis): Promise<8 | 16 | null> {
  const told = String(await redis.call('MEMORY', 'MALLOC-STATS'));
  const quantum = Number(/Quantum size:\s*(\d+)/.exec(told)?.[1]);
  return quantum === 8 || quantum === 16 ? quantum : null;
}

/** Mean time of one command inside the server since the last `CONFIG RESETSTAT`, in microseconds. */
export async function microsPerCall(redis: Redis, command: string): Promise<number> {
  const stats = await redis.info('commandstats');
  const found = new RegExp(`cmdstat_${command}:.*usec_per_call=([\\d.]+)`).exec(stats)?.[1];
  return Number(found);
}
