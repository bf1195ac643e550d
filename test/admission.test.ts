import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createBloomFilter, theoreticalRate } from '../server/admission/bloom.ts';
import { buildStrategy, resolvePolicy } from '../server/cache/policy.ts';
import { openStore } from './store.ts';
import type { TestStore } from './store.ts';

const STORES = 200;
let store: TestStore;
let client: Client;
let created = 0;

beforeAll(async () => {
  store = await openStore({ stores: STORES });
  client = new Client({ connectionString: store.postgresUrl });
  client.on('error', () => {});
  await client.connect();
});

beforeEach(async () => {
  await store.setPolicy('bloom');
  await store.post('/lab/stats/reset');
});

afterAll(async () => {
  await client.end();
  await store.close();
});

async function createStore(): Promise<string> {
  created += 1;
  const slug = `new-store-${created}`;
  await client.query("INSERT INTO cachelab.stores (slug, name, city) VALUES ($1, 'New', 'Here')", [
    slug,
  ]);
  return slug;
}

async function ask(slug: string): Promise<{ status: number; outcome: string | null }> {
  const response = await store.get(`/stores/${slug}/catalog`);
  await response.arrayBuffer();
  return { status: response.status, outcome: response.headers.get('x-cache-outcome') };
}

/** Ends the connection on which announcements come, until the server has noticed. */
async function cutLink(): Promise<void> {
  await client.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cachelab-known-slugs' AND datname = current_database()",
  );
  await vi.waitUntil(() => store.knownSlugs.state() === 'loading', { timeout: 5000, interval: 1 });
}

async function linked(): Promise<void> {
  await vi.waitUntil(() => store.knownSlugs.state() === 'ready', { timeout: 10_000 });
}

describe('the Bloom filter in front', () => {
  test('a store that does not exist is a 404 without a SELECT and without Redis', async () => {
    const absent = Array.from({ length: 50 }, (_, index) => `nowhere-${index}`);
    const answers = await Promise.all(absent.map(ask));
    const rejected = answers.filter(({ outcome }) => outcome === 'rejected').length;
    expect(answers.every(({ status }) => status === 404)).toBe(true);
    expect(rejected).toBeGreaterThanOrEqual(49); // 1,000 bits per hundred stores: a false one is rare
    const stats = (await (await store.get('/lab/stats')).json()) as { selectsTotal: number };
    expect(stats.selectsTotal).toBe(50 - rejected);
    expect(await store.redis.count([`${store.keyPrefix}store_catalog:nowhere`])).toBe(0);
  });

  test('stores that exist pass', async () => {
    expect(await ask('lao-zhang')).toMatchObject({ status: 200 });
    expect((await ask('lao-zhang')).outcome).toBe('hit');
  });

  test('300 stores, asked for the moment they are committed, are never a 404', async () => {
    const answers: number[] = [];
    for (let round = 0; round < 300; round += 1)
      answers.push((await ask(await createStore())).status);
    expect(answers.filter((status) => status !== 200)).toEqual([]);
  });

  test('a batch tells the stores that exist from those that do not', async () => {
    const slug = await createStore();
    const answer = await store.get(`/stores/batch-catalog?slugs=nowhere-a,${slug},nowhere-b`);
    expect(await answer.json()).toMatchObject({
      catalogs: { [slug]: { store: { slug } } },
      outcomes: { 'nowhere-a': 'rejected', [slug]: 'miss', 'nowhere-b': 'rejected' },
      unknown: ['nowhere-a', 'nowhere-b'],
    });
    const none = await store.get('/stores/batch-catalog?slugs=nowhere-a,nowhere-b');
    expect(await none.json()).toMatchObject({ catalogs: {}, unknown: ['nowhere-a', 'nowhere-b'] });
  });

  test('while the link is cut every slug may exist; a store that was created meanwhile is known after it', async () => {
    await cutLink();
    expect(await ask('nowhere-at-all')).toEqual({ status: 404, outcome: 'miss' });
    const slug = await createStore();
    expect((await ask(slug)).status).toBe(200);
    await linked();
    expect((await ask(slug)).status).toBe(200);
    expect((await ask('nowhere-at-all')).outcome).toBe('rejected');
    expect(store.logged.join('\n')).toMatch(/known slugs: link lost .*every slug may exist/);
  });

  test('strangers that pass are counted, and there are as many as theory says', async () => {
    const existing = STORES + created + 1;
    const admission = { filter: 'bloom', capacity: 100, falsePositiveRate: 0.01 };
    await store.setPolicy({ preset: 'bloom', overrides: { admission } });
    const theory = theoreticalRate(createBloomFilter(100, 0.01), existing);
    const strangers = 400;
    for (let begin = 0; begin < strangers; begin += 50)
      await Promise.all(Array.from({ length: 50 }, (_, index) => ask(`stranger-${begin + index}`)));
    const { cacheEvents } = (await (await store.get('/lab/stats')).json()) as {
      cacheEvents: Record<string, number>;
    };
    const passed = (cacheEvents['filter-false-positive'] ?? 0) / strangers;
    expect(theory).toBeGreaterThan(0.3);
    expect(Math.abs(passed - theory)).toBeLessThan(0.1);
  });

  test('the pipeline shows it outermost; another policy ends its connection', async () => {
    const answer = await store.get('/lab/policy');
    expect(await answer.json()).toMatchObject({ pipeline: 'admission(cache-aside)' });
    await store.setPolicy('cached');
    expect(store.knownSlugs.state()).toBe('off');
    const links =
      "SELECT 1 FROM pg_stat_activity WHERE application_name = 'cachelab-known-slugs' AND datname = current_database()";
    await vi.waitUntil(async () => (await client.query(links)).rowCount === 0, { timeout: 5000 });
  });
});

describe('the note that a store does not exist', () => {
  test('answers the second request with its age and without a SELECT', async () => {
    await store.setPolicy('negative');
    expect(await ask('gone')).toEqual({ status: 404, outcome: 'miss' });
    store.advance(5000);
    const again = await store.get('/stores/gone/catalog');
    expect(again.status).toBe(404);
    expect(again.headers.get('x-cache-outcome')).toBe('negative');
    expect(again.headers.get('x-db-queries')).toBe('0');
    expect(again.headers.get('age')).toBe('5');
    store.advance(295_000);
    expect((await ask('gone')).outcome).toBe('miss');
  });

  test('goes when the store is created', async () => {
    await store.setPolicy('negative');
    const slug = `new-store-${created + 1}`;
    await ask(slug);
    expect((await ask(slug)).outcome).toBe('negative');
    await createStore();
    await vi.waitUntil(async () => (await ask(slug)).status === 200, { timeout: 5000 });
  });

  test('is not written by a load during which a new store was announced', async () => {
    await store.setPolicy('negative');
    const { redis, knownSlugs, keyPrefix } = store;
    const strategy = buildStrategy(resolvePolicy('negative').settings, {
      store: redis,
      now: Date.now,
      random: () => 0.5,
      count: () => {},
      existence: knownSlugs,
    });
    const key = `${keyPrefix}store_catalog:race`;
    const findNothing = async (meanwhile: () => Promise<unknown>): Promise<boolean> => {
      const read = await strategy.get(key, async () => {
        await meanwhile();
        return null;
      });
      return read.stored;
    };
    const announced = async (): Promise<void> => {
      const before = knownSlugs.announcements();
      await createStore();
      await vi.waitUntil(() => knownSlugs.announcements() > before, {
        timeout: 5000,
        interval: 1,
      });
    };
    expect(await findNothing(announced)).toBe(false);
    expect(await redis.get(key)).toBeNull();
    expect(await findNothing(() => Promise.resolve())).toBe(true);
  });

  test('goes after the link comes back when the store was created while it was cut', async () => {
    await store.setPolicy('negative');
    const slug = `new-store-${created + 1}`;
    await ask(slug);
    await cutLink();
    await createStore();
    await linked();
    await vi.waitUntil(async () => (await ask(slug)).status === 200, { timeout: 5000 });
  });
});
