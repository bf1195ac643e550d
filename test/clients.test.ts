import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Redis } from 'ioredis';
import type { Experiment } from '../lab/experiment.ts';
import { experiment as batchCatalog } from '../scenarios/batch-catalog/experiment.ts';
import { getBatch, WAYS as BATCH_WAYS } from '../scenarios/batch-catalog/batches.ts';
import { openBlockingClient } from '../scenarios/clients/blocking-client.ts';
import { commandStats } from '../scenarios/clients/command-stats.ts';
import { fillSizes, growthOf, measureCosts } from '../scenarios/clients/complexity.ts';
import { openDelayLink, throughLink } from '../scenarios/clients/delay-link.ts';
import { experiment as clients } from '../scenarios/clients/experiment.ts';
import { measureThreads } from '../scenarios/clients/one-thread.ts';
import { loadService } from '../scenarios/clients/service.ts';
import {
  BATCH,
  clientOf,
  fillValues,
  openWay,
  pingMs,
  VALUE_BYTES,
  WAYS,
} from '../scenarios/clients/ways.ts';
import { experiment as hotKey } from '../scenarios/hot-key/experiment.ts';
import { HOT_KEY, valueOf } from '../scenarios/hot-key/keys.ts';
import { openReader } from '../scenarios/hot-key/readers.ts';
import type { Findings } from '../lab/result.ts';
import { testStack } from './stack.ts';
import { invalidFlags, measurementOf, openTrials, type Trials } from './trials.ts';

let redis: Redis;
let port = 0;

beforeAll(async () => {
  port = Number(new URL((await testStack()).redisUrl).port);
  redis = clientOf(port);
  await redis.flushall();
  await fillValues(redis);
});

afterAll(() => redis.disconnect());

describe('a link that is 20 ms away', () => {
  test('holds each reply back for that long, and 100 commands under way no longer than one', async () => {
    await throughLink(port, 20, async (at) => {
      expect(await pingMs(at)).toBeGreaterThanOrEqual(20);
      const client = clientOf(at);
      const startMs = performance.now();
      const values = await Promise.all(
        Array.from({ length: 100 }, (_, index) => client.get(`value:${index}`)),
      );
      const tookMs = performance.now() - startMs;
      expect(values.every((value) => value?.length === VALUE_BYTES)).toBe(true);
      expect(tookMs).toBeGreaterThanOrEqual(20);
      expect(tookMs).toBeLessThan(100 * 20); // one by one
      client.disconnect();
    });
  });

  test('ends the connection when the client does, and when it is closed', async () => {
    const link = await openDelayLink(port, 0.1);
    const client = clientOf(link.port);
    expect(await client.ping()).toBe('PONG');
    await link.close();
    await once(client, 'end');
    expect(client.status).toBe('end');
  });
});

describe('ways to ask', () => {
  test.each(WAYS.filter((name) => name !== 'workers'))(
    '%s gives each of 20 callers at once its values',
    async (name) => {
      const way = await openWay(name, port);
      await redis.config('RESETSTAT');
      const counts = await Promise.all(Array.from({ length: 20 }, (_, index) => way.ask(index)));
      way.close();
      const each = name === 'pipeline' || name === 'mget' ? BATCH : 1;
      expect(counts).toEqual(Array.from({ length: 20 }, () => each));
      const stats = await commandStats(redis);
      expect(stats.get(name === 'mget' ? 'mget' : 'get')?.calls).toBe(
        name === 'mget' ? 20 : 20 * each,
      );
    },
  );

  test('one by one never has two commands under way, a shared connection has all', async () => {
    await throughLink(port, 50, async (at) => {
      const took = async (name: 'one-by-one' | 'shared'): Promise<number> => {
        const way = await openWay(name, at);
        const startMs = performance.now();
        await Promise.all(Array.from({ length: 10 }, (_, index) => way.ask(index)));
        way.close();
        return performance.now() - startMs;
      };
      expect(await took('one-by-one')).toBeGreaterThanOrEqual(500);
      expect(await took('shared')).toBeLessThan(500);
    });
  });

  test.each(BATCH_WAYS)('a batch of 100 by %s is whole', async (way) => {
    expect(await getBatch(redis, way, 100)).toBe(100);
  });
});

describe('a client that blocks', () => {
  test('returns the value itself, and no timer of its thread runs while it waits', async () => {
    await throughLink(port, 30, async (at) => {
      const client = await openBlockingClient(at);
      let ticks = 0;
      const ticking = setInterval(() => (ticks += 1), 1);
      const startMs = performance.now();
      const value = client.get('value:1');
      expect(performance.now() - startMs).toBeGreaterThanOrEqual(30);
      expect(ticks).toBe(0);
      clearInterval(ticking);
      expect(value.length).toBe(VALUE_BYTES);
      await client.close();
    });
  });

  test('throws what Redis answers with an error', async () => {
    await redis.rpush('no-string', 'x');
    const client = await openBlockingClient(port);
    expect(() => client.get('no-string')).toThrow('WRONGTYPE');
    await client.close();
  });

  test('serves one request per wait, and not blocking all of them', async () => {
    const design = { callers: [8], warmSeconds: 0, seconds: 0.4 };
    await throughLink(port, 20, async (at) => {
      const [blocked] = await loadService('async-sync', at, design);
      const [free] = await loadService('async', at, design);
      expect(blocked!.loop.values).toBeGreaterThan(0);
      expect(blocked!.loop.values).toBeLessThanOrEqual(20); // 400 ms of 20 ms each
      expect(free!.loop.values).toBeGreaterThan(2 * blocked!.loop.values);
    });
  });
});

test('LRANGE grows with the list, GET of the same keys does not, by Redis’s own clock', async () => {
  const sizes = [10, 1000, 30_000];
  await fillSizes(redis, sizes);
  expect(await redis.llen('list')).toBe(30_000);
  // That clock goes on while the server has no core: one such moment spoils a pass, and it is made again.
  await vi.waitFor(
    async () => {
      const costs = await measureCosts(redis, Math.random, sizes);
      await redis.select(0);
      expect(costs['get/same'].map(([size]) => size)).toEqual(sizes);
      expect(growthOf('lrange/whole', costs)!.exponent).toBeGreaterThan(0.5);
      expect(growthOf('get/same', costs)!.exponent).toBeLessThan(0.5);
    },
    { timeout: 20_000 },
  );
});

test('4 connections get no more heavy commands done than one, and a PING waits for them', async () => {
  await redis.config('RESETSTAT');
  const figures = await measureThreads(port, 0.8); // as in a trial: moments without a core even out
  const { calls, micros } = (await commandStats(redis)).get('bitcount')!;
  expect(micros / calls).toBeGreaterThan(100); // a PING takes less than one
  expect(figures.severalPerSecond / figures.onePerSecond).toBeLessThan(1.5);
  expect(figures.cores).toBeLessThan(1.2);
  expect(figures.pingBesideMs).toBeGreaterThan(figures.pingAloneMs);
});

describe('a reader that Redis tells of changes', () => {
  test('asks once, and again after another client wrote or flushed', async () => {
    await redis.set(HOT_KEY, valueOf(1));
    const reader = await openReader('tracking', redis, { random: Math.random, port });
    const read = async (): Promise<number> => Number.parseInt(String(await reader.readHot()), 10);
    expect([await read(), await read(), reader.hotGets()]).toEqual([1, 1, 1]);
    await redis.set(HOT_KEY, valueOf(2));
    await expect.poll(read, { timeout: 10_000 }).toBe(2);
    expect([await read(), reader.hotGets()]).toEqual([2, 2]);
    await redis.flushdb();
    await expect.poll(async () => reader.readHot(), { timeout: 10_000 }).toBeNull();
    reader.close();
  });
});

describe('trials without pages', () => {
  let trials: Trials;

  beforeAll(async () => {
    trials = await openTrials();
  });

  afterAll(() => trials.close());

  async function findingsOf(
    experiment: Experiment,
    name: string,
    measureSeconds: number,
  ): Promise<Findings> {
    const arm = experiment.arms.find((one) => one.name === name)!;
    const record = await trials.run({
      ...arm,
      ...{ load: experiment.load, protocol: experiment.protocol!, pages: false },
      ...{ measureSeconds, flagsAsMeasures: { 'foreign-cpu': 'the tests share the machine' } },
    });
    expect(invalidFlags(record)).toEqual([]);
    return measurementOf(record).findings!;
  }

  test('two threads ask in each of 8 cells', async () => {
    const { samples } = await findingsOf(clients, 'workers', 0.2);
    const cells = Object.keys(samples).filter((name) => name.startsWith('perSecond/'));
    expect(cells).toHaveLength(8);
    for (const cell of cells) expect(samples[cell]![0]).toBeGreaterThan(0);
  });

  test('a pipeline of 240 values waits for about one round trip', async () => {
    const { samples, totals } = await findingsOf(batchCatalog, 'pipeline', 1);
    expect(samples['roundTrips/240']![0]).toBeGreaterThan(0);
    expect(samples['roundTrips/240']![0]).toBeLessThan(10);
    expect(totals['commands']).toBeGreaterThan(3 * 15 * 350);
  });

  test('a hot key puts its reads on one node of a Cluster', async () => {
    const { samples, totals } = await findingsOf(hotKey, 'cluster', 0.5);
    expect(totals['gets']).toBe(1000);
    expect(samples['busiestPerRead']![0]).toBeGreaterThan(0.85);
    const shares = [1, 2, 3].map((node) => samples[`share/redis-${node}`]![0]!);
    const expected = [1, 2, 3].map((node) => samples[`expected/redis-${node}`]![0]!);
    expect(expected.indexOf(Math.max(...expected))).toBe(shares.indexOf(Math.max(...shares)));
  });
});
