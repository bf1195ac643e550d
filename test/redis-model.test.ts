import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSupervisor } from '../lab/provision/supervisor.ts';
import type { Supervisor } from '../lab/provision/supervisor.ts';
import { type ReplayHost, validateRedis } from '../lab/sim/redis-replay.ts';
import { randomStream } from '../sim/random.ts';
import { bytesInRedis } from '../sim/redis/memory.ts';
import { requireTool, testStack } from './stack.ts';

let supervisor: Supervisor;

beforeAll(async () => {
  const { root } = await testStack();
  supervisor = createSupervisor({ root, label: 'test redis model', handleSignals: false });
});
afterAll(() => supervisor.stopAll());

async function hostOf(skip: (reason: string) => never): Promise<ReplayHost> {
  const { root, redisServer } = await testStack();
  const program = requireTool(redisServer, 'a redis-server of our own', skip);
  return { root, supervisor, program: { ...program, origin: program.bin, version: '' } };
}

describe('200,000 requests of Zipf(1.0) over 20,000 keys, about 4,000 resident', () => {
  const trace = zipf(20_000, 200_000);

  test.for(['allkeys-lfu', 'allkeys-random'] as const)(
    'under %s model and server differ by at most 0.3 points of hit ratio',
    async (policy, context) => {
      const host = await hostOf(context.skip);
      const setting = { policy, samples: 5, keys: 4000, seed: 1, clockFactor: 1 };
      const { gapPoints, residentKeys, realHitRatio } = await validateRedis(host, trace, setting);
      expect(Math.abs(gapPoints)).toBeLessThanOrEqual(0.3);
      expect(residentKeys).toBeGreaterThan(3000);
      expect(residentKeys).toBeLessThan(4400);
      expect(realHitRatio).toBeGreaterThan(0.7);
    },
  );
});

describe('memory of 8,192 string keys', () => {
  test.for<[number, number, boolean]>([
    [10, 44, false],
    [10, 500, false],
    [10, 500, true],
    [40, 3000, true],
  ])('key %i bytes, value %i, TTL %s: within 3 % by one of the two allocators', async (row) => {
    const [keyBytes, valueBytes, expires] = row;
    const keys = 8192;
    const measured = await bytesPerKey(keys, keyBytes, valueBytes, expires);
    const buckets = 8 * (expires ? 2 : 1);
    const gaps = ([8, 16] as const).map((quantumBytes) =>
      Math.abs(
        measured / (bytesInRedis(keyBytes, valueBytes, { expires, quantumBytes }) + buckets) - 1,
      ),
    );
    expect(Math.min(...gaps)).toBeLessThan(0.03);
  });
});

/** What used_memory grows by, a key, the table's buckets included. */
async function bytesPerKey(
  keys: number,
  keyBytes: number,
  valueBytes: number,
  expires: boolean,
): Promise<number> {
  const { redisUrl } = await testStack();
  const redis = new Redis(redisUrl);
  const used = async (): Promise<number> =>
    Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
  try {
    await redis.flushdb('SYNC');
    const before = await used();
    const value = 'v'.repeat(valueBytes);
    for (let from = 0; from < keys; from += 512) {
      const pipeline = redis.pipeline();
      for (let at = from; at < from + 512; at += 1) {
        const key = `k${at}`.padEnd(keyBytes, '.');
        if (expires) pipeline.set(key, value, 'EX', 1000);
        else pipeline.set(key, value);
      }
      await pipeline.exec();
    }
    return ((await used()) - before) / keys;
  } finally {
    await redis.flushdb('SYNC');
    redis.disconnect();
  }
}

/** Ids dense in the order of their first requests. */
function zipf(ranks: number, requests: number): { ids: Int32Array; objects: number } {
  const random = randomStream(1, 'zipf');
  const below: number[] = [];
  for (let rank = 1; rank <= ranks; rank += 1) below.push((below.at(-1) ?? 0) + 1 / rank);
  const dense = new Map<number, number>();
  const ids = Int32Array.from({ length: requests }, () => {
    const drawn = random() * below.at(-1)!;
    let low = 0;
    for (let high = ranks - 1; low < high; ) {
      const middle = (low + high) >> 1;
      if (below[middle]! < drawn) low = middle + 1;
      else high = middle;
    }
    const id = dense.get(low) ?? dense.size;
    dense.set(low, id);
    return id;
  });
  return { ids, objects: dense.size };
}
