import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { buildStrategy, resolvePolicy } from '../server/cache/policy.ts';
import { countingLoad, strategyContract } from '../server/cache/strategy.contract.ts';
import type { CacheEvent, Load, Strategy } from '../server/cache/strategy.ts';
import { createRedisBus } from '../server/redis-bus.ts';
import type { RedisBus } from '../server/redis-bus.ts';
import { createRedis } from '../server/redis.ts';
import type { GuardedRedis } from '../server/redis.ts';
import { testStack } from './stack.ts';

const CHANNEL = 'l1test:evictions';
const PATIENCE = { timeout: 5000 };
let redisUrl: string;
let redis: GuardedRedis;
let raw: Redis;
let nowMs = 1_000_000;
const buses: RedisBus[] = [];

beforeAll(async () => {
  ({ redisUrl } = await testStack());
  raw = new Redis(redisUrl);
  redis = createRedis({ url: redisUrl, timeoutMs: 2000, onChange: () => {} });
  await vi.waitUntil(() => redis.ping().then(Number.isFinite, () => false), PATIENCE);
});

afterEach(async () => {
  for (const bus of buses.splice(0)) bus.close();
  await redis.clear(['l1test:', 'contract:']);
});

afterAll(() => {
  redis.close();
  raw.disconnect();
});

interface Process {
  strategy: Strategy;
  events: CacheEvent[];
  read(key: string): Promise<{ outcome: string; version: number | undefined }>;
}

/** What one server process has: a bus of its own, and a load that counts versions. */
async function startProcess(
  load: Load = countingLoad().load,
  overrides: Record<string, unknown> = {},
): Promise<Process> {
  const bus = createRedisBus({
    url: redisUrl,
    channel: CHANNEL,
    publish: (channel, message) => redis.publish(channel, message),
  });
  buses.push(bus);
  const events: CacheEvent[] = [];
  const services = {
    store: redis,
    now: () => nowMs,
    random: () => 0.5,
    count: (event: CacheEvent) => events.push(event),
    bus,
  };
  const strategy = buildStrategy(resolvePolicy({ preset: 'l1', overrides }).settings, services);
  const started: Process = {
    strategy,
    events,
    async read(key) {
      const { outcome, entry } = await strategy.get(key, load);
      return { outcome, version: entry?.menuVersion };
    },
  };
  if (overrides['l1Bus'] !== 'none') await keeping(started);
  return started;
}

/** Until the process is subscribed and keeps what it reads. */
async function keeping(started: Process): Promise<void> {
  await vi.waitUntil(async () => {
    await started.read('l1test:probe');
    await started.read('l1test:probe');
    return started.events.includes('l1-hit');
  }, PATIENCE);
  started.events.length = 0;
}

strategyContract('preset l1 with its bus', async () => (await startProcess()).strategy);

describe('pages in the memory of a process', () => {
  test('a page is sent without Redis for 1,000 ms after it was read there, and no longer', async () => {
    const process = await startProcess();
    await process.read('l1test:a');
    await raw.del('l1test:a');
    nowMs += 999;
    expect((await process.read('l1test:a')).outcome).toBe('hit');
    expect(process.events).toContain('l1-hit');
    nowMs += 1;
    expect((await process.read('l1test:a')).outcome).toBe('miss');
  });

  test('a page that ends in 300 ms is not kept beyond its life', async () => {
    const settings = { ttlMs: 1000, l1TtlMs: 1000 };
    const other = await startProcess(undefined, settings);
    const process = await startProcess(undefined, settings);
    await other.read('l1test:life');
    nowMs += 700;
    expect((await process.read('l1test:life')).outcome).toBe('hit');
    nowMs += 299;
    expect((await process.read('l1test:life')).outcome).toBe('hit');
    nowMs += 1;
    expect((await process.read('l1test:life')).outcome).toBe('miss');
  });

  test('with room for 2 the page that was used least recently goes', async () => {
    const process = await startProcess(undefined, { l1MaxEntries: 2 });
    for (const key of ['l1test:1', 'l1test:2', 'l1test:1', 'l1test:3']) await process.read(key);
    await raw.del('l1test:1', 'l1test:2', 'l1test:3');
    expect((await process.read('l1test:1')).outcome).toBe('hit');
    expect((await process.read('l1test:3')).outcome).toBe('hit');
    expect((await process.read('l1test:2')).outcome).toBe('miss');
  });

  test('a batch asks Redis for what is not in memory, and keeps the order', async () => {
    const process = await startProcess();
    const { load } = countingLoad();
    await process.strategy.getMany(['l1test:x', 'l1test:y'], load);
    await raw.del('l1test:x', 'l1test:y');
    const reads = await process.strategy.getMany(['l1test:y', 'l1test:z', 'l1test:x'], load);
    expect(reads.map(({ outcome }) => outcome)).toEqual(['hit', 'miss', 'hit']);
    expect(reads.map(({ entry }) => entry?.menuVersion)).toEqual([2, 3, 1]);
  });

  test('without a bus another process sends the old page until its 1,000 ms are over', async () => {
    const { load } = countingLoad();
    const [writer, reader] = [
      await startProcess(load, { l1Bus: 'none' }),
      await startProcess(load, { l1Bus: 'none' }),
    ];
    await reader.read('l1test:blind');
    await writer.strategy.afterWrite('l1test:blind');
    expect(await reader.read('l1test:blind')).toEqual({ outcome: 'hit', version: 1 });
    nowMs += 1000;
    expect(await reader.read('l1test:blind')).toEqual({ outcome: 'miss', version: 2 });
  });
});

describe('pages in the memory of several processes', () => {
  test('a change in one evicts the page from the others', async () => {
    const { load } = countingLoad();
    const [writer, reader] = [await startProcess(load), await startProcess(load)];
    const { version = 0 } = await reader.read('l1test:told');
    await writer.strategy.afterWrite('l1test:told');
    await vi.waitUntil(() => reader.events.includes('l1-evicted'), PATIENCE);
    expect((await reader.read('l1test:told')).version).toBeGreaterThan(version);
  });

  test('a page whose read began before the eviction is sent and not kept', async () => {
    let release = (): void => {};
    let begun = (): void => {};
    const loading = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const { load } = countingLoad();
    const slow: Load = async () => {
      begun();
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return load();
    };
    const reader = await startProcess(load);
    const writer = await startProcess(load);
    await reader.read('l1test:marker');
    const late = reader.strategy.get('l1test:late', slow);
    await loading;
    // The marker is published after the page: when it is gone the reader has heard of both.
    await writer.strategy.afterWrite('l1test:late');
    await writer.strategy.afterWrite('l1test:marker');
    await vi.waitUntil(() => reader.events.includes('l1-evicted'), PATIENCE);
    release();
    expect((await late).outcome).toBe('miss');
    await raw.del('l1test:late');
    expect((await reader.read('l1test:late')).outcome).toBe('miss');
  });

  test('when the subscription is lost all pages go, and none is kept until it is back', async () => {
    const reader = await startProcess();
    await reader.read('l1test:lost');
    await raw.del('l1test:lost');
    expect((await reader.read('l1test:lost')).outcome).toBe('hit');
    await raw.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await vi.waitUntil(async () => {
      const { outcome } = await reader.read('l1test:lost');
      await raw.del('l1test:lost');
      return outcome === 'miss';
    }, PATIENCE);
    reader.events.length = 0;
    await keeping(reader);
  });
});
