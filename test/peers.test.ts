import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seedDatabase } from '../seed/load.ts';
import { installPeers } from '../lab/peers.ts';
import { createSupervisor } from '../lab/provision/supervisor.ts';
import type { Supervisor } from '../lab/provision/supervisor.ts';
import { serviceEnvironment, startServer } from '../lab/server-process.ts';
import type { ServerProcess } from '../lab/server-process.ts';
import { freshDatabase, testStack } from './stack.ts';

const LIBRARIES = ['bentocache', 'async-cache-dedupe', 'cacheable', 'cache-manager', 'cachified'];
const PATH = '/stores/lao-zhang/catalog';
const { root, redisUrl } = await testStack();
let database: { url: string; drop: () => Promise<void> };
let supervisor: Supervisor;
let ours: ServerProcess;

async function start(policy: unknown, program: 'store' | 'peers'): Promise<ServerProcess> {
  const server = await startServer({
    root,
    supervisor,
    program,
    environment: {
      ...serviceEnvironment({
        postgres: { url: database.url },
        redis: { url: redisUrl, keyPrefix: 'peerstest:' },
      }),
      CACHELAB_POLICY: typeof policy === 'string' ? policy : JSON.stringify(policy),
      CACHELAB_DB_LATENCY: '1',
      CACHELAB_JOURNAL: 'on',
    },
  });
  expect(await server.readiness()).toBeNull();
  await server.clearCache();
  return server;
}

beforeAll(async () => {
  supervisor = createSupervisor({ root, label: 'test peers', handleSignals: false });
  await installPeers(root, supervisor, () => {});
  database = await freshDatabase('peers');
  await seedDatabase({ url: database.url, seed: 1, stores: 1 });
  ours = await start('uncached', 'store');
});

afterAll(async () => {
  await supervisor.stopAll();
  await database.drop();
});

test.each(LIBRARIES)(
  '%s serves the very page, with one load for 20 readers at once, and until a price changes from Redis',
  async (library) => {
    const server = await start({ preset: library, overrides: { ttlMs: 60_000 } }, 'peers');
    expect(await server.policy()).toMatchObject({ name: library, settings: { ttlMs: 60_000 } });
    const page = await ours.page(PATH);
    const first = await server.page(PATH);
    const second = await server.page(PATH);
    expect([first.outcome, second.outcome]).toEqual(['miss', 'hit']);
    expect([first.selects, second.selects]).toEqual([114, 0]);
    expect(first.body.equals(page.body)).toBe(true);
    // async-cache-dedupe stores the names of an object's fields in the order of the alphabet.
    expect(JSON.parse(second.body.toString())).toEqual(JSON.parse(page.body.toString()));
    expect(second.menuVersion).toBe(page.menuVersion);
    expect((await server.page('/stores/nowhere-at-all/catalog')).status).toBe(404);

    const { phases } = await server.stats();
    expect(phases.other).toMatchObject({ requests: 3, loads: 2, selects: 115 });
    const { reads, loads } = await server.journal();
    expect([reads.status.length, loads.selects.length]).toEqual([3, 2]);

    const change = await server.post('/stores/lao-zhang/products/1/update-price', { price: 33 });
    expect(change.status).toBe(200);
    expect((await server.page(PATH)).menuVersion).toBe((page.menuVersion ?? 0) + 1);

    await server.clearCache();
    await server.resetStats();
    const burst = await Promise.all(Array.from({ length: 20 }, () => server.page(PATH)));
    expect(burst.every(({ status }) => status === 200)).toBe(true);
    expect((await server.stats()).phases.other).toMatchObject({ requests: 20, loads: 1 });
    await server.stop();
  },
);

describe('the packages of peers/', () => {
  test('have exact versions, and a lock file that names no registry', () => {
    const read = (name: string): string => readFileSync(join(root, 'peers', name), 'utf8');
    const { dependencies } = JSON.parse(read('package.json')) as {
      dependencies: Record<string, string>;
    };
    for (const version of Object.values(dependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(read('package-lock.json')).not.toContain('"resolved"');
  });
});
