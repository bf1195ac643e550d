import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { judgeStaleness, type Staleness, type StalenessOptions } from '../lab/oracle/staleness.ts';
import type { Journal, LabStats } from '../lab/server-protocol.ts';
import { openStore, type TestStore } from './store.ts';

const PAGE = '/stores/lao-zhang/catalog';
const LATE_MS = 300;

let store: TestStore;
let redis: Redis;
let price = 0;

beforeAll(async () => {
  store = await openStore({ dbLatencyMs: 2, stores: 0 });
  redis = new Redis(store.redisUrl);
});

afterAll(async () => {
  redis.disconnect();
  await store.close();
});

beforeEach(async () => {
  await store.post('/lab/cache/clear');
});

const catalogKey = (): string => `${store.keyPrefix}store_catalog:lao-zhang`;

async function begin(policy: unknown): Promise<void> {
  await store.setPolicy(policy);
  await store.post('/lab/journal/reset');
}

async function read(): Promise<void> {
  await (await store.get(PAGE)).arrayBuffer();
}

async function edit(product = 1): Promise<void> {
  price = (price + 1) % 100;
  const answer = await store.post(`/stores/lao-zhang/products/${product}/update-price`, { price });
  expect(answer.status).toBe(200);
}

async function judged(options?: StalenessOptions): Promise<Staleness> {
  const journal = (await (await store.get('/lab/journal')).json()) as Journal;
  return judgeStaleness([journal], options);
}

/** A page is under way: it holds a connection. */
async function loadBegan(): Promise<void> {
  await vi.waitUntil(
    async () => {
      const { pool } = (await (await store.get('/lab/stats')).json()) as LabStats;
      return pool.total > pool.idle;
    },
    { timeout: 5000, interval: 5 },
  );
}

describe('the staleness oracle on the real store', () => {
  test('without a cache, 16 reads beside 4 edits: 0 stale, 0 torn, and some loads overlap an edit', async () => {
    await begin('uncached');
    const readers = [1, 2, 3, 4].map(async () => {
      for (let reads = 0; reads < 4; reads += 1) await read();
    });
    for (let edits = 0; edits < 4; edits += 1) {
      await loadBegan();
      await edit(1 + edits * 60);
    }
    await Promise.all(readers);
    const found = await judged({ pages: 'by dish' });
    expect(found).toMatchObject({ reads: 16, staleReads: 0, tornLoads: 0, writes: 4, loads: 16 });
    expect(found.overlappingFills).toBeGreaterThan(0);
  });

  test('a copy that nobody invalidates is stale in each of 20 reads, and its window stays open', async () => {
    await begin('cached');
    await read();
    await edit();
    for (let reads = 0; reads < 20; reads += 1) await read();
    const found = await judged();
    expect(found).toMatchObject({ reads: 21, staleReads: 20, windowsOpen: 1, staleSets: 0 });
  });

  test('a DEL that comes 300 ms after the COMMIT leaves a window of about 300 ms', async () => {
    await begin('cached');
    await read();
    await edit();
    const deleted = new Promise<void>((resolve) => {
      setTimeout(() => void redis.del(catalogKey()).then(() => resolve()), LATE_MS);
    });
    const late = { over: false };
    void deleted.then(() => (late.over = true));
    while (!late.over) await read();
    await read();
    const [windowMs, ...others] = (await judged()).windowsMs;
    expect(others).toEqual([]);
    // It ends where the last old read begins: on a busy machine some time before the DEL.
    expect(windowMs).toBeGreaterThanOrEqual(LATE_MS / 2);
    expect(windowMs).toBeLessThan(2000);
  });

  test('a lock without a lease: the page that was built over an edit is found again as a stale set', async () => {
    await begin('lock');
    const building = read();
    await loadBegan();
    await edit();
    await building;
    for (let reads = 0; reads < 5; reads += 1) await read();
    const found = await judged();
    expect(found).toMatchObject({ staleReads: 5, overlappingFills: 1, staleSets: 1 });
  });

  test('with a lease the same page is built over the same edit and refused: 0 stale sets', async () => {
    await begin('lease');
    const building = read();
    await loadBegan();
    await edit();
    await building;
    for (let reads = 0; reads < 5; reads += 1) await read();
    const found = await judged();
    expect(found).toMatchObject({ staleReads: 0, overlappingFills: 1, staleSets: 0 });
  });

  test.each([
    ['repeatable-read', 0],
    ['read-committed', 1],
  ])(
    '%s pages: of one that is built over edits of its first and its last dish, %i is torn',
    async (isolation, torn) => {
      await begin({ preset: 'uncached', overrides: { isolation } });
      const page = { over: false };
      const building = read().finally(() => (page.over = true));
      await loadBegan();
      // The first dish is read early, the last one late: a page in between has the second edit and not the first.
      while (!page.over) {
        await edit(1);
        await edit(240);
      }
      await building;
      expect(await judged({ pages: 'by dish' })).toMatchObject({
        tornLoads: torn,
        tornReads: torn,
      });
    },
  );
});
