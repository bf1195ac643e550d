import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { startInvalidator } from '../lab/invalidator-process.ts';
import { openLink } from '../lab/link.ts';
import { startRedis } from '../lab/provision/redis.ts';
import { createSupervisor } from '../lab/provision/supervisor.ts';
import type { SupervisedProcess, Supervisor } from '../lab/provision/supervisor.ts';
import { seedDatabase } from '../seed/load.ts';
import { FILL_LEASED } from '../server/cache/scripts.ts';
import { freshDatabase, requireTool, testStack } from './stack.ts';

type Form = 'event-driven' | 'outbox';
type Running = Awaited<ReturnType<typeof startInvalidator>>;

const FORMS: Form[] = ['event-driven', 'outbox'];
/** Patience with a busy machine; an invalidation takes milliseconds. */
const WAIT = { timeout: 10_000, interval: 10 };

let supervisor: Supervisor;
let database: Awaited<ReturnType<typeof freshDatabase>>;
let redisUrl: string;
let redis: Redis;
/** Somebody with psql. */
let editor: Client;

beforeAll(async () => {
  const stack = await testStack();
  ({ redisUrl } = stack);
  supervisor = createSupervisor({ root: stack.root, label: 'test', handleSignals: false });
  database = await freshDatabase('invalidator');
  await seedDatabase({ url: database.url, seed: 1, stores: 30 });
  redis = new Redis(redisUrl);
  editor = new Client({ connectionString: database.url });
  await editor.connect();
});
afterAll(async () => {
  await supervisor.stopAll();
  redis.disconnect();
  await editor.end();
  await database.drop();
});

/** An invalidator with keys of its own. */
async function start(
  form: Form,
  options: { postgresUrl?: string; redisUrl?: string; environment?: Record<string, string> } = {},
): Promise<{ invalidator: Running; keyPrefix: string }> {
  const { root } = await testStack();
  const keyPrefix = `test-${randomBytes(4).toString('hex')}:`;
  const invalidator = await startInvalidator({
    root,
    supervisor,
    form,
    environment: {
      CACHELAB_PG_URL: options.postgresUrl ?? database.url,
      CACHELAB_REDIS_URL: options.redisUrl ?? redisUrl,
      CACHELAB_KEY_PREFIX: keyPrefix,
      CACHELAB_INVALIDATOR_HEARTBEAT_MS: '100',
      CACHELAB_INVALIDATOR_TIMEOUT_MS: '500',
      ...options.environment,
    },
  });
  return { invalidator, keyPrefix };
}

const keyOf = (prefix: string, slug: string): string => `${prefix}store_catalog:${slug}`;
const present = async (key: string): Promise<boolean> => (await redis.exists(key)) === 1;
const gone = (key: string): Promise<boolean> =>
  vi.waitUntil(async () => !(await present(key)), WAIT);
const edit = async (storeId: number): Promise<void> => {
  await editor.query(
    'UPDATE cachelab.products SET price = price + 1 WHERE id = (SELECT min(id) FROM cachelab.products WHERE store_id = $1)',
    [storeId],
  );
};
const slugOf = (storeId: number): string => `store-${String(storeId - 1).padStart(5, '0')}`;

describe.each(FORMS)('%s', (form) => {
  let invalidator: Running;
  let prefix: string;

  beforeAll(async () => {
    // Frozen for longer than its patience while an answer is due, it would give up a connection that is well.
    const environment = { CACHELAB_INVALIDATOR_TIMEOUT_MS: '5000' };
    ({ invalidator, keyPrefix: prefix } = await start(form, { environment }));
  });
  afterAll(() => invalidator.stop());

  async function warm(...slugs: string[]): Promise<string[]> {
    const keys = slugs.map((slug) => keyOf(prefix, slug));
    for (const key of keys) await redis.set(key, 'old');
    return keys;
  }

  test('an edit made by psql deletes the copy of its store and no other', async () => {
    const [mine = '', other = ''] = await warm('lao-zhang', 'store-00003');
    await edit(1);
    await gone(mine);
    expect(await present(other)).toBe(true);
    // The copy is gone a moment before the answer to the DEL is counted.
    await vi.waitFor(async () => {
      const stats = await invalidator.stats();
      expect(stats).toMatchObject({ postgresUp: 1, redisUp: 1, lagCount: 1 });
    }, WAIT);
  });

  test('one transaction that changes 20 stores deletes 20 copies', async () => {
    const keys = await warm(...Array.from({ length: 20 }, (_, index) => slugOf(index + 2)));
    await editor.query(
      `UPDATE cachelab.products SET price = price + 1 WHERE store_id BETWEEN 2 AND 21`,
    );
    await Promise.all(keys.map(gone));
  });

  test('a rollback deletes nothing', async () => {
    const [rolledBack = '', marker = ''] = await warm('store-00001', 'store-00002');
    await editor.query('BEGIN');
    await edit(2);
    await editor.query('ROLLBACK');
    await edit(3);
    await gone(marker);
    expect(await present(rolledBack)).toBe(true);
  });

  test('a store that is deleted loses its copy', async () => {
    const storeId = form === 'outbox' ? 30 : 31; // not the one that the other form deleted
    const [deleted = ''] = await warm(slugOf(storeId));
    await editor.query('DELETE FROM cachelab.stores WHERE id = $1', [storeId]);
    await gone(deleted);
  });

  test('TRUNCATE deletes the copies of all stores', async () => {
    const keys = await warm('lao-zhang', 'store-00001', 'store-00007');
    await editor.query('CREATE TABLE kept AS TABLE cachelab.products; TRUNCATE cachelab.products');
    await Promise.all(keys.map(gone));
    await editor.query(`BEGIN; SET LOCAL cachelab.silent = 'on';
      INSERT INTO cachelab.products SELECT * FROM kept; DROP TABLE kept; COMMIT`);
  });

  test('100 transactions of one store that arrive together are one DEL, or two', async () => {
    const before = await invalidator.stats();
    const [key = ''] = await warm('store-00005');
    invalidator.freeze();
    await editor.query(
      `DO $$ BEGIN FOR i IN 1..100 LOOP
         UPDATE cachelab.products SET price = i WHERE store_id = 6; COMMIT; END LOOP; END $$`,
    );
    invalidator.thaw();
    await gone(key);
    await redis.set(key, 'newer');
    await edit(6);
    await gone(key);
    const after = await invalidator.stats();
    expect(after['deletes']! - before['deletes']!).toBeLessThan(5);
  });

  test('the process serves /healthz and its figures for Prometheus', async () => {
    expect((await fetch(`${invalidator.baseUrl}/healthz`)).status).toBe(200);
    const metrics = await (await fetch(`${invalidator.baseUrl}/metrics`)).text();
    expect(metrics).toMatch(/# TYPE cachelab_invalidator_deletes_total counter\n\S+ [1-9]/);
    expect(metrics).toMatch(/# TYPE cachelab_invalidator_lag_p99_seconds gauge\n/);
    expect((await fetch(`${invalidator.baseUrl}/nothing`)).status).toBe(404);
  });
});

describe.each(FORMS)('%s behind links that break', (form) => {
  let invalidator: Running;
  let postgresLink: Awaited<ReturnType<typeof openLink>>;
  let redisLink: Awaited<ReturnType<typeof openLink>>;
  /** Of the store that is changed during the fault. */
  let during: string;
  /** Of a store that is changed after it. */
  let after: string;

  beforeAll(async () => {
    postgresLink = await openLink(database.url);
    redisLink = await openLink(redisUrl);
    const started = await start(form, { postgresUrl: postgresLink.url, redisUrl: redisLink.url });
    ({ invalidator } = started);
    during = keyOf(started.keyPrefix, 'store-00001');
    after = keyOf(started.keyPrefix, 'store-00002');
  });
  beforeEach(async () => {
    await redis.mset(during, 'old', after, 'old');
  });
  afterEach(() => {
    postgresLink.heal();
    redisLink.heal();
  });
  afterAll(async () => {
    await invalidator.stop();
    await postgresLink.close();
    await redisLink.close();
  });

  const editDuring = (): Promise<void> => edit(2);
  const figure = async (name: string): Promise<number> => (await invalidator.stats())[name]!;
  const until = (name: string, reached: (value: number) => boolean): Promise<boolean> =>
    vi.waitUntil(async () => reached(await figure(name)), WAIT);

  /** The invalidator works again; what was changed during the fault is repaired by the outbox, and lost without. */
  async function judge(mayBeLate = false): Promise<void> {
    await until('postgresUp', Boolean);
    await until('redisUp', Boolean);
    await until('caughtUp', Boolean);
    if (form === 'outbox') await gone(during);
    await redis.set(after, 'old'); // a new process repeats the changes of the last second
    await edit(3);
    await gone(after);
    if (!mayBeLate) expect(await present(during)).toBe(form === 'event-driven');
  }

  test('its backend is terminated, and a change commits before it listens again', async () => {
    const connections = await figure('postgresConnections');
    postgresLink.blackhole(); // it cannot come back before the change
    await editor.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = 'cachelab-invalidator' AND datname = current_database()`,
    );
    await vi.waitUntil(async () => {
      const { rows } = await editor.query(
        `SELECT FROM pg_stat_activity WHERE application_name = 'cachelab-invalidator'
         AND datname = current_database()`,
      );
      return rows.length === 0;
    }, WAIT);
    await editDuring();
    postgresLink.heal();
    await until('postgresConnections', (count) => count > connections);
    await judge();
  });

  test('a link to Postgres that swallows bytes is found by the heartbeat alone', async () => {
    postgresLink.blackhole();
    await until('postgresUp', (up) => up === 0);
    expect((await fetch(`${invalidator.baseUrl}/readyz`)).status).toBe(503);
    await editDuring();
    postgresLink.heal();
    await judge();
  });

  test('Redis is out of its reach, and of nobody else’s', async () => {
    const failed = await figure('failedDeletes');
    redisLink.cut();
    await editDuring();
    await until('failedDeletes', (count) => count > failed);
    expect(await present(during)).toBe(true);
    redisLink.heal();
    await judge();
  });

  test('its link to Redis swallows bytes', async () => {
    const failed = await figure('failedDeletes');
    redisLink.blackhole();
    await editDuring();
    await until('failedDeletes', (count) => count > failed);
    expect(await present(during)).toBe(true);
    redisLink.heal();
    await judge(true); // what the story's form sent into the black hole may arrive when it heals
  });

  test('it is killed, and started again after the change', async () => {
    await invalidator.kill();
    await editDuring();
    await invalidator.restart();
    await judge();
    // Repaired from the table, not by emptying the cache.
    expect(await figure('clears')).toBe(0);
  });
});

describe('outbox', () => {
  test('takes the right to fill from a load that began before the change', async () => {
    const { invalidator, keyPrefix } = await start('outbox');
    const key = keyOf(keyPrefix, 'lao-zhang');
    const keys = [key, `${key}:lease`, `${key}:stale`];
    const fill = (token: string): Promise<unknown> =>
      redis.eval(FILL_LEASED.lua, 3, ...keys, token, 'a page of 24 bytes or so', 60_000, 0);
    await redis.set(`${key}:lease`, 'before');
    await edit(1);
    await gone(`${key}:lease`);
    expect(await fill('before')).toBe(0);
    await redis.set(`${key}:lease`, 'after');
    expect(await fill('after')).toBe(1);
    await invalidator.stop();
  });

  test('Redis comes back with an old snapshot: what it brings back to life is deleted', async (context) => {
    const program = requireTool((await testStack()).redisServer, 'redis-server', context.skip);
    const folder = join(supervisor.runFolder, 'old-snapshot');
    const startRedisServer = (port?: number): ReturnType<typeof startRedis> =>
      startRedis({ supervisor, ...program, folder, ...(port === undefined ? {} : { port }) });
    let server = await startRedisServer();
    const { invalidator, keyPrefix } = await start('outbox', { redisUrl: server.url });
    const key = keyOf(keyPrefix, 'lao-zhang');
    const client = new Redis(server.url, { retryStrategy: () => 20, maxRetriesPerRequest: null });
    client.on('error', () => {});
    await client.set(key, 'old');
    await client.save();
    await edit(1);
    await vi.waitUntil(async () => (await client.exists(key)) === 0, WAIT);
    await server.process?.stop(0);

    server = await startRedisServer(Number(new URL(server.url).port));

    await vi.waitUntil(async () => (await invalidator.stats())['clears'] === 2, WAIT); // the first was at its start
    expect(await client.exists(key)).toBe(0);
    client.disconnect();
    await invalidator.stop();
  });
});

describe('the process', () => {
  async function spawnIt(environment: Record<string, string>): Promise<SupervisedProcess> {
    const { root } = await testStack();
    return supervisor.spawn(
      'invalidator',
      process.execPath,
      ['--import', 'tsx', join(root, 'server', 'invalidator', 'main.ts')],
      { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...environment } },
    );
  }
  const usable = (): Record<string, string> => ({
    CACHELAB_INVALIDATOR: 'outbox',
    CACHELAB_PORT: '0',
    CACHELAB_PG_URL: database.url,
    CACHELAB_REDIS_URL: redisUrl,
    CACHELAB_KEY_PREFIX: 'sigterm:',
  });

  test('on SIGTERM keeps its progress, closes its connection and exits with 0', async () => {
    const child = await spawnIt(usable());
    const saved = async (): Promise<number> => {
      const { rows } = await editor.query(
        "SELECT saved_at FROM cachelab.invalidators WHERE key_prefix = 'sigterm:'",
      );
      return Number(rows[0]?.saved_at ?? 0);
    };
    await vi.waitUntil(async () => (await saved()) > 0, { timeout: 20_000 });
    const before = await saved();
    process.kill(child.pid, 'SIGTERM');
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(await saved()).toBeGreaterThan(before);
  });

  test('a wrong environment: exit code 2 and every variable that is wrong', async () => {
    const child = await spawnIt({
      ...usable(),
      CACHELAB_INVALIDATOR: 'story',
      CACHELAB_INVALIDATOR_POLL_MS: '1',
      CACHELAB_REDIS_URL: 'http://nowhere',
    });
    let errors = '';
    child.child.stderr?.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    expect((await child.exited).code).toBe(2);
    expect(errors).toMatch(
      /CACHELAB_INVALIDATOR is "story": `event-driven` or `outbox`[^]*CACHELAB_REDIS_URL is set[^]*POLL_MS is "1": a whole number from 5/,
    );
  });
});
