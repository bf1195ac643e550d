import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSupervisor } from '../lab/provision/supervisor.ts';
import type { Supervisor } from '../lab/provision/supervisor.ts';
import { clockShim } from '../lab/sim/clock-shim.ts';
import { type ReplayHost, validateRedis } from '../lab/sim/redis-replay.ts';
import { generate } from '../sim/generators/generate.ts';
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
  const trace = generate({ kind: 'zipf', objects: 20_000, requests: 200_000 });

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

test('at 200 times the clock allkeys-lru is LRU and not random, in model and server alike', async (context) => {
  const host = await hostOf(context.skip);
  const shim = await clockShim(host.root, host.program.env, 200);
  if ('reason' in shim) context.skip(shim.reason);
  const trace = generate({ kind: 'zipf', objects: 20_000, requests: 200_000 });
  const setting = { policy: 'allkeys-lru', samples: 5, keys: 4000, seed: 1 } as const;
  const fast = await validateRedis(host, trace, { ...setting, clockFactor: 200 });
  const real = await validateRedis(host, trace, { ...setting, clockFactor: 1 });
  expect(Math.abs(fast.gapPoints)).toBeLessThanOrEqual(0.3);
  expect(Math.abs(real.gapPoints)).toBeLessThanOrEqual(0.3);
  expect(fast.realHitRatio - real.realHitRatio).toBeGreaterThan(0.01);
  expect(fast.turnoverSeconds).toBeGreaterThan(5 * real.turnoverSeconds);
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
