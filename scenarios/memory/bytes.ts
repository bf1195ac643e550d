import type { Redis } from 'ioredis';
import type { Trips } from './trips.ts';

/** Redis goes on rehashing its table in steps of 100 ms. */
const REHASH_STEP_MS = 120;
const MOST_READINGS = 50;

/**
 * What memory a write takes, alone in an empty server: growth of `used_memory`, which is what the allocator handed out, tables
 * included. The writer is gone by then, and its buffers with it.
 */
export async function bytesOf(
  redis: Redis,
  connect: () => Redis,
  sleep: (ms: number) => Promise<void>,
  write: (writer: Redis) => Promise<void>,
): Promise<number> {
  await redis.flushall('SYNC');
  const before = await usedBytes(redis);
  const writer = connect();
  try {
    await write(writer);
  } finally {
    await writer.quit();
  }
  return (await settledBytes(redis, sleep)) - before;
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

/** Without the buffers of connections, which come and go. */
async function usedBytes(redis: Redis): Promise<number> {
  const memory = await redis.info('memory');
  const valueOf = (name: string): number =>
    Number(new RegExp(`${name}:(\\d+)`).exec(memory)?.[1] ?? 0);
  return valueOf('used_memory') - valueOf('mem_clients_normal');
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
