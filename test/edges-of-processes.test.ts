import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createSupervisor } from '../lab/provision/supervisor.ts';
import type { Supervisor } from '../lab/provision/supervisor.ts';
import { serviceEnvironment, startServer } from '../lab/server-process.ts';
import type { ServerProcess } from '../lab/server-process.ts';
import { seedDatabase } from '../seed/load.ts';
import { freshDatabase, testStack } from './stack.ts';

const PATH = '/stores/lao-zhang/catalog';
let database: { url: string; drop: () => Promise<void> };
let supervisor: Supervisor;
let servers: ServerProcess[];

/** Two server processes with a filter in front and pages in their memory. */
beforeAll(async () => {
  const { root, redisUrl } = await testStack();
  supervisor = createSupervisor({ root, label: 'test edges', handleSignals: false });
  database = await freshDatabase('edges');
  await seedDatabase({ url: database.url, seed: 1, stores: 5 });
  const admission = { filter: 'bloom', capacity: 2000, falsePositiveRate: 0.01 };
  const environment = {
    ...serviceEnvironment({
      postgres: { url: database.url },
      redis: { url: redisUrl, keyPrefix: 'edges:' },
    }),
    CACHELAB_POLICY: JSON.stringify({
      preset: 'l1',
      overrides: { admission, l1TtlMs: 600_000, negativeTtlMs: 300_000 },
    }),
    CACHELAB_DB_LATENCY: '0',
  };
  servers = await Promise.all(
    [1, 2].map(() => startServer({ root, supervisor, environment, program: 'store' })),
  );
});

afterAll(async () => {
  await supervisor.stopAll();
  await database.drop();
});

test('a process is ready once its filter is complete, and then rejects what it does not know', async () => {
  for (const server of servers) {
    expect(await server.readiness()).toBeNull();
    expect(await server.page('/stores/nowhere/catalog')).toMatchObject({
      status: 404,
      outcome: 'rejected',
      selects: 0,
    });
    expect((await server.policy()).settings).toMatchObject({ l1Bus: 'pubsub', l1TtlMs: 600_000 });
  }
});

test('a price change in one process evicts the page from the memory of the other', async () => {
  const [writer, reader] = servers as [ServerProcess, ServerProcess];
  // Its memory is on once it is subscribed.
  await vi.waitUntil(
    async () => {
      await reader.page(PATH);
      return ((await reader.stats()).cacheEvents['l1-hit'] ?? 0) > 0;
    },
    { timeout: 10_000 },
  );
  const { menuVersion } = await reader.page(PATH);
  const change = await writer.post('/stores/lao-zhang/products/1/update-price', { price: 33 });
  expect(JSON.parse(change.text)).toMatchObject({ cache_invalidated: true });
  await vi.waitUntil(async () => (await reader.page(PATH)).menuVersion === (menuVersion ?? 0) + 1, {
    timeout: 5000,
  });
});

test('bodies that are stored as they are go out as they are, also to clients that accept gzip', async () => {
  const [server] = servers as [ServerProcess];
  const { body } = await server.page(PATH);
  const changed = await fetch(`${server.baseUrl}/lab/policy`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ preset: 'cached', overrides: { body: 'identity' } }),
  });
  expect(changed.status).toBe(200);
  await server.clearCache();
  for (const outcome of ['miss', 'hit']) {
    const page = await fetch(server.baseUrl + PATH, { headers: { 'accept-encoding': 'gzip' } });
    expect(page.headers.get('x-cache-outcome')).toBe(outcome);
    expect(page.headers.get('content-encoding')).toBeNull();
    expect(page.headers.get('content-length')).toBe(String(body.length));
    expect(Buffer.from(await page.arrayBuffer()).equals(body)).toBe(true);
  }
});
