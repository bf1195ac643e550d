import { request } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { PRESETS } from '../server/cache/presets.ts';
import { openStore } from './store.ts';
import type { TestStore } from './store.ts';

const PAGE = '/stores/lao-zhang/catalog';
const PRICE = '/stores/lao-zhang/products/1/update-price';

let store: TestStore;
let raw: Redis;

beforeAll(async () => {
  store = await openStore();
  raw = new Redis(store.redisUrl);
});
afterAll(async () => {
  raw.disconnect();
  await store.close();
});
beforeEach(async () => {
  await store.post('/lab/cache/clear');
  await store.setPolicy('cached');
  await store.post('/lab/stats/reset');
});
afterEach(() => {
  expect(store.logged.filter((line) => line.includes('"level":50'))).toEqual([]);
});

const bytesOf = async (response: Response): Promise<Buffer> =>
  Buffer.from(await response.arrayBuffer());

const problemSchema = z.strictObject({
  title: z.string(),
  status: z.number(),
  detail: z.string(),
  errors: z.array(z.string()).optional(),
});

async function problemOf(response: Response): Promise<z.infer<typeof problemSchema>> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const text = await response.text();
  expect(text).not.toMatch(/node_modules|\.ts:\d|\\n +at /); // no stack trace leaves the process
  const problem = problemSchema.parse(JSON.parse(text));
  expect(problem.status).toBe(response.status);
  return problem;
}

describe('the page', () => {
  test.each([
    ['uncached', 'bypass', 114, 'bypass', 114],
    ['joined', 'bypass', 1, 'bypass', 1],
    ['cached', 'miss', 114, 'hit', 0],
    ['invalidated', 'miss', 114, 'hit', 0],
    ['version-key', 'miss', 115, 'hit', 1],
    ['hardened', 'miss', 114, 'hit', 0],
    ['static', 'miss', 114, 'hit', 0],
  ])('%s: %s with %i SELECTs, then %s with %i', async (policy, ...expected) => {
    await store.setPolicy(policy);
    const seen: unknown[] = [];
    for (let read = 0; read < 2; read += 1) {
      const { headers, status } = await store.get(PAGE);
      expect(status).toBe(200);
      seen.push(headers.get('x-cache-outcome'), Number(headers.get('x-db-queries')));
    }
    expect(seen).toEqual(expected);
  });

  test('every policy sends the same bytes, hit or not, as gzip and as identity', async () => {
    const encoded = new Set<string>();
    const plain = new Set<string>();
    for (const { name } of PRESETS) {
      await store.setPolicy(name);
      await store.post('/lab/cache/clear');
      for (let read = 0; read < 2; read += 1) {
        encoded.add((await wireBytes('gzip')).toString('base64'));
        plain.add((await wireBytes('identity')).toString('base64'));
      }
    }
    expect(encoded.size).toBe(1);
    expect(plain.size).toBe(1);
    const [gzip = '', json = ''] = [...encoded, ...plain];
    expect(gunzipSync(Buffer.from(gzip, 'base64')).equals(Buffer.from(json, 'base64'))).toBe(true);
  });

  test('Postgres counts 114 SELECTs of 6 shapes uncached, 1 joined and 0 on a hit', async (context) => {
    const client = new Client({ connectionString: store.postgresUrl });
    await client.connect();
    try {
      const extension = await client.query(
        "SELECT FROM pg_extension WHERE extname = 'pg_stat_statements'",
      );
      if (extension.rowCount === 0) return context.skip('this Postgres has no pg_stat_statements');
      const select = async (policy: string): Promise<{ calls: number; shapes: number }> => {
        await store.setPolicy(policy);
        if (policy === 'cached') await store.get(PAGE); // the hit is what counts
        await client.query('SELECT pg_stat_statements_reset()');
        await store.get(PAGE);
        const { rows } = await client.query<{ calls: number; shapes: number }>(
          `SELECT coalesce(sum(calls), 0)::int AS calls, count(*)::int AS shapes FROM pg_stat_statements
           WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
             AND query ~* '^\\s*select' AND query !~ 'pg_stat_statements'`,
        );
        return rows[0] ?? { calls: -1, shapes: -1 };
      };
      const naive = await select('uncached');
      expect(naive.calls).toBe(114);
      expect(naive.shapes).toBeGreaterThanOrEqual(6);
      expect(await select('joined')).toEqual({ calls: 1, shapes: 1 });
      expect(await select('cached')).toEqual({ calls: 0, shapes: 0 });
    } finally {
      await client.end();
    }
    return undefined;
  });

  test('a hit says its age, what is left of its life and its version', async () => {
    const miss = await store.get(PAGE);
    expect(miss.headers.get('cache-status')).toBe('cachelab; fwd=uri-miss; stored');
    expect(miss.headers.get('server-timing')).toMatch(/^total;dur=[\d.]+, db;dur=[\d.]+$/);
    store.advance(60_000);
    const hit = await store.get(PAGE);
    const age = Number(hit.headers.get('age'));
    expect(age).toBeGreaterThanOrEqual(60);
    expect(age).toBeLessThan(120);
    const ttl = Number(
      /^cachelab; hit; ttl=(\d+)$/.exec(hit.headers.get('cache-status') ?? '')?.[1],
    );
    expect(ttl + age).toBeGreaterThanOrEqual(3599);
    expect(ttl + age).toBeLessThanOrEqual(3600);
    expect(hit.headers.get('server-timing')).toMatch(/^total;dur=[\d.]+$/);
    expect(hit.headers.get('x-menu-version')).toBe(miss.headers.get('x-menu-version'));
  });

  test('HEAD has the headers of GET and no body', async () => {
    const response = await fetch(store.url + PAGE, { method: 'HEAD' });
    expect(response.headers.get('x-cache-outcome')).toBe('miss');
    expect(Number(response.headers.get('content-length'))).toBeGreaterThan(1000);
    expect(await response.text()).toBe('');
  });

  test('an unknown store is 404 after one SELECT; what cannot be a slug asks nobody', async () => {
    const unknown = await store.get('/stores/nobody/catalog');
    expect(unknown.status).toBe(404);
    expect(unknown.headers.get('x-db-queries')).toBe('1');
    expect((await problemOf(unknown)).detail).toContain('"nobody"');
    const impossible = await store.get("/stores/Robert'); DROP TABLE/catalog");
    expect(impossible.status).toBe(404);
    expect(await statsOf('other')).toMatchObject({ requests: 2, loads: 1, selects: 1 });
  });

  test('when every connection is taken for too long the answer is 503 with retry-after', async () => {
    const small = await openStore({ stores: 0, poolSize: 1, dbLatencyMs: 30 });
    try {
      await small.setPolicy('uncached'); // 116 round trips of 30 ms, and a wait of 2 s at most
      const first = small.get(PAGE).catch(() => null);
      const shed = await small.get(PAGE);
      expect(shed.status).toBe(503);
      expect(shed.headers.get('retry-after')).toBe('1');
      await problemOf(shed);
      const stats = await (await small.get('/lab/stats')).json();
      expect(stats).toMatchObject({ phases: { other: { errors: 1, shed: 1 } }, pool: { shed: 1 } });
      void first;
    } finally {
      await small.close();
    }
  });

  test('without its database hits go on, misses are 503 and readiness says why', async () => {
    const cut = await openStore({ stores: 0 });
    try {
      await cut.get(PAGE);
      await cut.dropDatabase();
      expect((await cut.get(PAGE)).headers.get('x-cache-outcome')).toBe('hit');
      await cut.setPolicy('uncached');
      const refused = await cut.get(PAGE);
      expect(refused.status).toBe(503);
      expect((await problemOf(refused)).detail).toContain('the database gives no answer');
      const ready = await cut.get('/readyz');
      expect(ready.status).toBe(503);
      expect(await ready.json()).toMatchObject({
        status: 'not ready',
        postgres: expect.stringMatching(/^down: .*does not exist/),
        redis: 'up',
      });
      expect((await cut.post(PRICE, { price: 1 })).status).toBe(503);
    } finally {
      await cut.close();
    }
  });
});

describe('other ways to the page', () => {
  test('/catalog/v2 is the page through the generic wrapper, kept for 7200 s under any policy', async () => {
    await store.setPolicy('uncached');
    const first = await store.get(`${PAGE}/v2`);
    const second = await store.get(`${PAGE}/v2`);
    expect(first.headers.get('x-db-queries')).toBe('114');
    expect(second.headers.get('x-cache-outcome')).toBe('hit');
    expect(second.headers.get('x-db-queries')).toBe('0');
    expect(await bytesOf(second)).toEqual(await bytesOf(await store.get(PAGE)));
    expect(await raw.pttl(`${store.keyPrefix}store_catalog_v2:lao-zhang`)).toBeGreaterThan(
      7_190_000,
    );
  });

  test('a batch of three has each page as it is alone, from one MGET when all are there', async () => {
    const slugs = await someSlugs();
    const alone = await Promise.all(
      slugs.map(async (slug) => (await store.get(`/stores/${slug}/catalog`)).json()),
    );
    const before = await raw.info('commandstats');
    const response = await store.get(`/stores/batch-catalog?slugs=${slugs.join()},nobody`);
    const after = await raw.info('commandstats');
    expect(await response.json()).toEqual({
      catalogs: Object.fromEntries(slugs.map((slug, index) => [slug, alone[index]])),
      outcomes: { ...Object.fromEntries(slugs.map((slug) => [slug, 'hit'])), nobody: 'miss' },
      unknown: ['nobody'],
    });
    expect(calls(after, 'mget') - calls(before, 'mget')).toBe(1);
    expect(calls(after, 'get') - calls(before, 'get')).toBe(0);
  });

  test('a batch fills what is missing', async () => {
    const [first = '', second = ''] = await someSlugs();
    await store.get(`/stores/${first}/catalog`);
    const response = await store.get(`/stores/batch-catalog?slugs=${first},${second}`);
    expect(await response.json()).toMatchObject({ outcomes: { [first]: 'hit', [second]: 'miss' } });
    const page = await store.get(`/stores/${second}/catalog`);
    expect(page.headers.get('x-cache-outcome')).toBe('hit');
  });

  test.each([
    ['no list', ''],
    ['an empty list', '?slugs='],
    ['21 slugs', `?slugs=${Array.from({ length: 21 }, (_, index) => `s${index}`).join()}`],
    ['a slug with a slash', '?slugs=a/b'],
    ['the list twice', '?slugs=a&slugs=b'],
  ])('a batch with %s is 400', async (_what, query) => {
    const response = await store.get(`/stores/batch-catalog${query}`);
    expect(response.status).toBe(400);
    await problemOf(response);
  });

  test('the storefront shows the queries of this very page: 114, then none', async () => {
    const first = await store.get('/stores/lao-zhang');
    expect(first.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(first.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(first.headers.get('x-db-queries')).toBe('114');
    expect(await first.text()).toContain('老张餐馆');
    const second = await store.get('/stores/lao-zhang');
    expect(second.headers.get('x-db-queries')).toBe('0');
    expect((await store.get('/stores/nobody')).status).toBe(404);
  });
});

describe('a price change', () => {
  const priceOnPage = async (): Promise<unknown> => {
    const page = z.object({
      categories: z.array(
        z.object({ products: z.array(z.object({ id: z.number(), price: z.number() })) }),
      ),
    });
    const { categories } = page.parse(await (await store.get(PAGE)).json());
    return categories.flatMap(({ products }) => products).find(({ id }) => id === 1)?.price;
  };

  test('cached: guests go on seeing the old price', async () => {
    await store.post(PRICE, { price: 150 });
    await store.post('/lab/cache/clear');
    expect(await priceOnPage()).toBe(150);
    const response = await store.post(PRICE, { price: 120 });
    expect(await response.json()).toMatchObject({ price: 120, cache_invalidated: false });
    expect(await priceOnPage()).toBe(150);
  });

  test('invalidated: the next page is a miss with the new price and version', async () => {
    await store.setPolicy('invalidated');
    await store.get(PAGE);
    const update = z.object({ menu_version: z.number(), cache_invalidated: z.literal(true) });
    const { menu_version } = update.parse(await (await store.post(PRICE, { price: 99.5 })).json());
    const page = await store.get(PAGE);
    expect(page.headers.get('x-cache-outcome')).toBe('miss');
    expect(Number(page.headers.get('x-menu-version'))).toBe(menu_version);
    expect(await priceOnPage()).toBe(99.5);
  });

  test.each([
    ['"abc"', '{"price":"abc"}', 400],
    ['-1', '{"price":-1}', 400],
    ['1e99', '{"price":1e99}', 400],
    ['three decimals', '{"price":1.005}', 400],
    ['null', '{"price":null}', 400],
    ['nothing', '{}', 400],
    ['a field too many', '{"price":1,"name":"x"}', 400],
    ['half a document', '{"price":', 400],
    ['a list', '[1]', 400],
    ['1 MB', `{"price":1,"x":"${'x'.repeat(1_000_000)}"}`, 413],
  ])('a price of %s is refused', async (_what, body, status) => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(store.url + PRICE, { method: 'POST', body, headers });
    expect(response.status).toBe(status);
    const { detail } = await problemOf(response);
    if (body.startsWith('{"price":"abc"'))
      expect(detail).toBe(
        'body.price is "abc"; allowed: a number from 0 to 99999.99, in yuan, with at most two decimals',
      );
  });

  test('a form instead of JSON is 400, an unknown dish or store 404', async () => {
    const form = await fetch(store.url + PRICE, {
      method: 'POST',
      body: new URLSearchParams('price=1'),
    });
    expect(form.status).toBe(400);
    const missing = '/stores/lao-zhang/products/2147483647/update-price';
    expect((await store.post(missing, { price: 1 })).status).toBe(404);
    expect((await store.post('/stores/nobody/products/1/update-price', { price: 1 })).status).toBe(
      404,
    );
    for (const id of ['0', '-1', '1.5', 'x', '2147483648'])
      expect(
        (await store.post(`/stores/lao-zhang/products/${id}/update-price`, { price: 1 })).status,
      ).toBe(400);
  });
});

describe('rebuilding', () => {
  const REBUILD = '/stores/lao-zhang/rebuild-cache';

  test('one of two at a time rebuilds, the other is 423, and the lock is free afterwards', async () => {
    const statuses = await Promise.all([
      store.post(REBUILD).then(({ status }) => status),
      store.post(REBUILD).then(({ status }) => status),
    ]);
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 423]);
    expect(await raw.exists(`${store.keyPrefix}rebuild_lock:lao-zhang`)).toBe(0);
    expect((await store.get(PAGE)).headers.get('x-cache-outcome')).toBe('hit');
  });

  test('a lock that another took over meanwhile is not released', async () => {
    const lock = `${store.keyPrefix}rebuild_lock:lao-zhang`;
    const client = new Client({ connectionString: store.postgresUrl });
    await client.connect();
    try {
      await client.query('BEGIN; LOCK TABLE cachelab.stores'); // the rebuild waits in its load
      const rebuilding = store.post(REBUILD);
      await vi.waitUntil(() => raw.exists(lock).then((count) => count === 1), { timeout: 8000 });
      await raw.set(lock, 'another', 'PX', 30_000);
      await client.query('COMMIT');
      expect((await rebuilding).status).toBe(200);
    } finally {
      await client.end();
    }
    expect(await raw.get(lock)).toBe('another');
    const refused = await store.post(REBUILD);
    expect(refused.status).toBe(423);
    await problemOf(refused);
  });

  test('puts the new price in place where a write alone leaves the old one', async () => {
    await store.get(PAGE);
    await store.post(PRICE, { price: 77 });
    const rebuilt = await store.post(REBUILD);
    const { menu_version } = z.object({ menu_version: z.number() }).parse(await rebuilt.json());
    const page = await store.get(PAGE);
    expect(page.headers.get('x-cache-outcome')).toBe('hit');
    expect(Number(page.headers.get('x-menu-version'))).toBe(menu_version);
  });

  test('a policy without copies has nothing to rebuild: 409; no such store: 404', async () => {
    expect((await store.post('/stores/nobody/rebuild-cache')).status).toBe(404);
    await store.setPolicy('uncached');
    expect((await store.post(REBUILD)).status).toBe(409);
  });
});

describe('what the server says of itself', () => {
  test('cache statistics: 1 miss and 3 hits are a hit ratio of 0.75', async () => {
    for (let read = 0; read < 4; read += 1) await store.get(PAGE);
    expect(await (await store.get('/cache/stats')).json()).toMatchObject({
      policy: 'cached',
      requests: 4,
      loads: 1,
      outcomes: { miss: 1, hit: 3 },
      hit_ratio: 0.75,
      redis: { state: 'up', keys: 1 },
    });
  });

  test('lab statistics keep the measured phase apart and agree with what was sent', async () => {
    await store.get(PAGE);
    for (let read = 0; read < 3; read += 1) await store.get(PAGE, { 'x-lab-phase': 'measure' });
    expect(await statsOf('measure')).toMatchObject({ requests: 3, outcomes: { hit: 3 }, loads: 0 });
    expect(await statsOf('other')).toMatchObject({
      requests: 1,
      outcomes: { miss: 1 },
      selects: 114,
    });
    await store.post('/lab/stats/reset');
    expect(await statsOf('measure')).toMatchObject({ requests: 0, hdr: null });
  });

  test('health and readiness', async () => {
    expect(await (await store.get('/healthz')).json()).toEqual({ status: 'ok' });
    const ready = await store.get('/readyz');
    expect(ready.status).toBe(200);
    expect(await ready.json()).toEqual({ status: 'ready', postgres: 'up', redis: 'up' });
  });

  test('Prometheus metrics count outcomes', async () => {
    await store.get(PAGE);
    await store.get(PAGE);
    const text = await (await store.get('/metrics')).text();
    expect(text).toContain('cachelab_page_requests_total 2');
    expect(text).toContain('cachelab_page_outcomes_total{outcome="hit"} 1');
    expect(text).toContain('cachelab_page_selects_total 114');
    expect(text).toContain('cachelab_redis_up 1');
  });
});

describe("the lab's controls", () => {
  test('a refused policy leaves the old one in force and names every reason', async () => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ preset: 'uncached', overrides: { ttlMs: 5, colour: 'red' } });
    const response = await fetch(`${store.url}/lab/policy`, { method: 'PUT', headers, body });
    expect(response.status).toBe(400);
    expect((await problemOf(response)).errors).toHaveLength(2);
    expect(await (await store.get('/lab/policy')).json()).toMatchObject({ name: 'cached' });
  });

  test('the policy in force is shown with its settings and its pipeline', async () => {
    await store.setPolicy({ preset: 'invalidated', overrides: { ttlMs: 60_000 } });
    expect(await (await store.get('/lab/policy')).json()).toMatchObject({
      name: 'invalidated(ttlMs=60000)',
      settings: { store: 'redis', ttlMs: 60_000, invalidate: 'delete', query: 'naive' },
      pipeline: 'delete-on-write(cache-aside)',
    });
  });

  test('clearing deletes the keys of this server and no others', async () => {
    const foreign = `${store.keyPrefix}somebody-else`;
    await raw.set(foreign, '1');
    await store.get(PAGE);
    expect(await (await store.post('/lab/cache/clear')).json()).toEqual({ deleted: 1 });
    expect(await raw.exists(foreign)).toBe(1);
    expect((await store.get(PAGE)).headers.get('x-cache-outcome')).toBe('miss');
  });

  test('clearing empties the memory of the static policy too', async () => {
    await store.setPolicy('static');
    await store.get(PAGE);
    await store.post('/lab/cache/clear');
    expect((await store.get(PAGE)).headers.get('x-cache-outcome')).toBe('miss');
  });

  test('a page of another site cannot use them through a browser', async () => {
    const response = await store.get('/lab/policy', { 'sec-fetch-site': 'cross-site' });
    expect(response.status).toBe(403);
  });

  test('with a token only its holder gets in; with an empty one nobody', async () => {
    const guarded = await openStore({ stores: 0, labToken: 'correct-horse' });
    try {
      expect((await guarded.get('/lab/stats')).status).toBe(401);
      expect((await guarded.get('/lab/stats', { 'x-lab-token': 'correct-house' })).status).toBe(
        401,
      );
      expect((await guarded.get('/lab/stats', { 'x-lab-token': 'correct-horse' })).status).toBe(
        200,
      );
      expect((await guarded.get('/healthz')).status).toBe(200);
    } finally {
      await guarded.close();
    }
    const closed = await openStore({ stores: 0, labToken: '' });
    try {
      expect((await closed.get('/lab/stats', { 'x-lab-token': '' })).status).toBe(403);
    } finally {
      await closed.close();
    }
  });
});

describe('requests that lead nowhere', () => {
  test('an unknown route is 404, a wrong method 405 with what is allowed', async () => {
    await problemOf(await store.get('/nothing'));
    const response = await fetch(store.url + PAGE, { method: 'DELETE' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
    await problemOf(response);
    expect((await store.get(PRICE)).status).toBe(405);
  });

  test('a URL of 3,000 characters is 414, broken percent-encoding 400', async () => {
    expect((await store.get(`/stores/x?${'x'.repeat(3000)}`)).status).toBe(414);
    const broken = await store.get('/stores/%E0%A4%A/catalog');
    expect(broken.status).toBe(400);
    await problemOf(broken);
  });

  test('the server does not say what it is made of', async () => {
    expect((await store.get('/healthz')).headers.get('x-powered-by')).toBeNull();
  });
});

function wireBytes(acceptEncoding: string): Promise<Buffer> {
  // Not with fetch, which unpacks by itself.
  return new Promise((resolve, reject) => {
    request(store.url + PAGE, { headers: { 'accept-encoding': acceptEncoding } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(Buffer.concat(chunks)));
      expect(response.headers['content-encoding']).toBe(
        acceptEncoding === 'gzip' ? 'gzip' : undefined,
      );
    })
      .on('error', reject)
      .end();
  });
}

async function statsOf(phase: 'measure' | 'other'): Promise<unknown> {
  const stats = z.object({ phases: z.record(z.string(), z.unknown()) });
  return stats.parse(await (await store.get('/lab/stats')).json()).phases[phase];
}

async function someSlugs(): Promise<string[]> {
  const client = new Client({ connectionString: store.postgresUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ slug: string }>(
      'SELECT slug FROM cachelab.stores ORDER BY id LIMIT 3',
    );
    return rows.map(({ slug }) => slug);
  } finally {
    await client.end();
  }
}

function calls(info: string, command: string): number {
  return Number(new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm').exec(info)?.[1] ?? 0);
}
