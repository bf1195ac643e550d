import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { cacheAside, defaultSlots } from '../server/cache/cache-aside.ts';
import { decodeEntry } from '../server/cache/entry.ts';
import { buildStrategy, resolvePolicy } from '../server/cache/policy.ts';
import { PRESETS } from '../server/cache/presets.ts';
import { countingLoad, strategyContract } from '../server/cache/strategy.contract.ts';
import type { Services } from '../server/cache/strategy.ts';
import { cached } from '../server/cached.ts';
import { createRedis } from '../server/redis.ts';
import type { GuardedRedis } from '../server/redis.ts';
import { testStack } from './stack.ts';

let redis: GuardedRedis;
let raw: Redis;
let nowMs = 1_000_000;
let services: Services;

beforeAll(async () => {
  const { redisUrl } = await testStack();
  raw = new Redis(redisUrl);
  redis = createRedis({ url: redisUrl, timeoutMs: 2000, onChange: () => {} });
  services = {
    store: redis,
    now: () => nowMs,
    random: () => 0.5,
    count: () => {},
    currentVersion: () => Promise.resolve(1),
  };
  await vi.waitUntil(() => redis.ping().then(Number.isFinite, () => false), { timeout: 5000 });
});

afterAll(async () => {
  await redis.clear(['contract:', 'unit:']);
  redis.close();
  raw.disconnect();
});

for (const { name } of PRESETS)
  strategyContract(`preset ${name}`, () => buildStrategy(resolvePolicy(name).settings, services));

describe('cache-aside on Redis', () => {
  const build = (policy: unknown) => buildStrategy(resolvePolicy(policy).settings, services);

  test('the first read is a miss that leaves a copy for 3600 s, the second a hit', async () => {
    const strategy = build('cached');
    const { load, loads } = countingLoad();
    expect(await strategy.get('unit:ttl', load)).toMatchObject({ outcome: 'miss', stored: true });
    expect(await strategy.get('unit:ttl', load)).toMatchObject({ outcome: 'hit', stored: false });
    expect(loads()).toBe(1);
    const leftMs = await raw.pttl('unit:ttl');
    expect(leftMs).toBeGreaterThan(3_590_000);
    expect(leftMs).toBeLessThanOrEqual(3_600_000);
  });

  test('a copy is a hit until its life is over, to the millisecond, and then a miss', async () => {
    const strategy = build({ preset: 'cached', overrides: { ttlMs: 60_000 } });
    const { load } = countingLoad();
    await strategy.get('unit:life', load);
    nowMs += 59_999;
    expect((await strategy.get('unit:life', load)).outcome).toBe('hit');
    nowMs += 1;
    expect(await strategy.get('unit:life', load)).toMatchObject({
      outcome: 'miss',
      entry: { menuVersion: 2 },
    });
  });

  test('two strategies on one Redis share their copies', async () => {
    const { load, loads } = countingLoad();
    await build('cached').get('unit:shared', load);
    expect((await build('invalidated').get('unit:shared', load)).outcome).toBe('hit');
    expect(loads()).toBe(1);
  });

  test('100 readers that miss at once load 100 times: cache-aside does not coalesce', async () => {
    const strategy = build('cached');
    const { load, loads } = countingLoad();
    let release = (): void => {};
    const allStarted = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = async () => {
      const loaded = load();
      if (loads() === 100) release();
      await allStarted;
      return loaded;
    };
    await Promise.all(Array.from({ length: 100 }, () => strategy.get('unit:herd', slow)));
    expect(loads()).toBe(100);
  });

  test('bytes of another program under the key are a miss and are overwritten', async () => {
    await raw.set('unit:foreign', '{"store":1}');
    const { load } = countingLoad();
    expect((await build('cached').get('unit:foreign', load)).outcome).toBe('miss');
    const bytes = await raw.getBuffer('unit:foreign');
    expect(bytes && decodeEntry(bytes)?.menuVersion).toBe(1);
  });

  test('a key of another type does not keep the page away: it is loaded past the cache', async () => {
    await raw.lpush('unit:list', 'x');
    const { load } = countingLoad();
    expect(await build('cached').get('unit:list', load)).toMatchObject({
      outcome: 'bypass',
      entry: { menuVersion: 1 },
    });
    expect(redis.state()).toBe('up');
  });

  test('20 keys are read with one MGET and no GET', async () => {
    const strategy = build('cached');
    const keys = Array.from({ length: 20 }, (_, index) => `unit:many:${index}`);
    const { load } = countingLoad();
    await strategy.getMany(keys, load);
    const before = await commandCalls();
    const reads = await strategy.getMany(keys, load);
    const after = await commandCalls();
    expect(reads.every(({ outcome }) => outcome === 'hit')).toBe(true);
    expect(after.mget - before.mget).toBe(1);
    expect(after.get - before.get).toBe(0);
  });

  test('a slot may refuse the write: the reader gets the page, no copy is left', async () => {
    const slots = { ...defaultSlots(services), write: () => Promise.resolve(false) };
    const { load } = countingLoad();
    const read = await cacheAside(services, 60_000, slots).get('unit:refused', load);
    expect(read).toMatchObject({ outcome: 'miss', stored: false, entry: { menuVersion: 1 } });
    expect(await raw.exists('unit:refused')).toBe(0);
  });

  test('a slot may call a copy stale or early: it is sent and named so', async () => {
    const { load, loads } = countingLoad();
    await cacheAside(services, 60_000, defaultSlots(services)).get('unit:slot', load);
    for (const outcome of ['stale', 'early'] as const) {
      const slots = {
        ...defaultSlots(services),
        freshness: () => outcome,
        gate: () => Promise.resolve(null), // the refresh gives up
      };
      const read = await cacheAside(services, 60_000, slots).get('unit:slot', load);
      expect(read).toMatchObject({ outcome, loaded: null });
    }
    expect(loads()).toBe(1);
  });

  test('a gate may answer from the copy that another reader has made meanwhile', async () => {
    const { load, loads } = countingLoad();
    const slots = defaultSlots(services);
    const other = cacheAside(services, 60_000, slots);
    const strategy = cacheAside(services, 60_000, {
      ...slots,
      async gate(miss, work) {
        await other.get(miss.key, load);
        return (await work.look(miss)) ?? work.fill(miss);
      },
    });
    expect((await strategy.get('unit:gate', load)).outcome).toBe('hit');
    expect(loads()).toBe(1);
  });
});

describe('the cached() wrapper', () => {
  test('calls with equal arguments share a copy, under prefix, name and hash', async () => {
    const { load, loads } = countingLoad();
    const menu = cached(
      services,
      { prefix: 'unit:wrap:', ttlMs: 60_000 },
      function menu(_slug: string, _page: number) {
        return load();
      },
    );
    expect((await menu('a', 1)).outcome).toBe('miss');
    expect((await menu('a', 1)).outcome).toBe('hit');
    expect((await menu('a', 2)).outcome).toBe('miss');
    expect(loads()).toBe(2);
    const keys = await raw.keys('unit:wrap:*');
    expect(keys).toHaveLength(2);
    for (const key of keys) expect(key).toMatch(/^unit:wrap:menu:[0-9a-f]{8}$/);
  });

  test("a key builder of one's own names the key", async () => {
    const { load } = countingLoad();
    const options = { prefix: 'unit:own:', ttlMs: 7_200_000, key: (slug: string) => slug };
    await cached(services, options, (_slug: string) => load())('lao-zhang');
    expect(await raw.pttl('unit:own:lao-zhang')).toBeGreaterThan(7_190_000);
  });
});

describe('a lock in Redis', () => {
  test('is had by one, and released by its own token alone', async () => {
    expect(await redis.setIfAbsent('unit:lock', 'a', 30_000)).toBe(true);
    expect(await redis.setIfAbsent('unit:lock', 'b', 30_000)).toBe(false);
    expect(await redis.deleteIfEquals('unit:lock', 'b')).toBe(false);
    expect(await raw.get('unit:lock')).toBe('a');
    expect(await redis.deleteIfEquals('unit:lock', 'a')).toBe(true);
    expect(await raw.exists('unit:lock')).toBe(0);
  });
});

test('scripts that Redis has forgotten, as after a restart, are sent again', async () => {
  await raw.set('unit:script', 'a');
  await raw.script('FLUSH');
  expect(await redis.deleteIfEquals('unit:script', 'a')).toBe(true);
  await raw.set('unit:script', 'a');
  expect(await redis.deleteIfEquals('unit:script', 'a')).toBe(true);
});

describe('clearing', () => {
  test('deletes 1,200 keys of the family and none of its neighbours', async () => {
    const keys = Array.from({ length: 1200 }, (_, index) => `unit:clear[x]:${index}`);
    await raw.mset(Object.fromEntries(keys.map((key) => [key, '1'])));
    await raw.mset('unit:clearx:1', '1', 'unit:clear', '1');
    expect(await redis.count(['unit:clear[x]:'])).toBe(1200);
    expect(await redis.clear(['unit:clear[x]:'])).toBe(1200);
    expect(await raw.exists('unit:clearx:1', 'unit:clear')).toBe(2);
  });
});

async function commandCalls(): Promise<{ get: number; mget: number }> {
  const info = await raw.info('commandstats');
  const calls = (name: string): number =>
    Number(new RegExp(`^cmdstat_${name}:calls=(\\d+)`, 'm').exec(info)?.[1] ?? 0);
  return { get: calls('get'), mget: calls('mget') };
}
