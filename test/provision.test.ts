import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis as RedisClient } from 'ioredis';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../lab/provision/ports.ts';
import { startPostgres } from '../lab/provision/postgres.ts';
import { startTime } from '../lab/provision/reap.mjs';
import { findRedis, provideRedis, startRedis } from '../lab/provision/redis.ts';
import { startStack } from '../lab/provision/stack.ts';
import { createSupervisor, runFiles, type Supervisor } from '../lab/provision/supervisor.ts';
import { freshDatabase, requireTool, testStack } from './stack.ts';

// A path with a space, as checkouts may have.
let root = '';
let supervisor: Supervisor;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'cachelab test '));
  supervisor = createSupervisor({ root, handleSignals: false });
});

afterEach(async () => {
  await supervisor.stopAll();
  rmSync(root, { recursive: true, force: true });
});

async function value(url: string, sql: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const row: Record<string, unknown> =
      (await client.query<Record<string, unknown>>(sql)).rows[0] ?? {};
    return Object.values(row)[0];
  } finally {
    await client.end();
  }
}

/** The environment of this machine without what would send the lab elsewhere. */
function plainEnv(): NodeJS.ProcessEnv {
  const env = { ...process.env };
  for (const name of ['CACHELAB_PG_URL', 'CACHELAB_REDIS_URL', 'K6_BIN']) delete env[name];
  return env;
}

describe('Postgres', () => {
  test('of the lab counts statements, listens on 127.0.0.1 alone and wants a password', async () => {
    const checkout = (await testStack()).root;
    const postgres = await startPostgres({ root: checkout, supervisor, env: plainEnv() });
    expect(postgres).toMatchObject({ owned: true, pgStatStatements: true });
    expect(await value(postgres.url, 'SELECT current_database()')).toBe('cachelab');
    expect(await value(postgres.url, 'SHOW listen_addresses')).toBe('127.0.0.1');
    expect(Number(await value(postgres.url, 'SHOW max_connections'))).toBeGreaterThanOrEqual(200);
    const stranger = new URL(postgres.url);
    stranger.password = 'guess';
    await expect(value(stranger.href, 'SELECT 1')).rejects.toThrow(
      'password authentication failed',
    );
    await supervisor.stopAll();
    expect(startTime(postgres.pid ?? 0)).toBeNull();
    expect(runFiles(root)).toEqual([]);
  });

  test('with CACHELAB_PG_URL gets a database of its own, when the role may make one', async () => {
    const { postgresUrl } = await testStack();
    const env = { ...plainEnv(), CACHELAB_PG_URL: postgresUrl };
    const postgres = await startPostgres({ root, supervisor, env });
    expect(postgres).toMatchObject({ owned: false, pid: null, origin: 'CACHELAB_PG_URL' });
    expect(new URL(postgres.url).pathname).toBe('/cachelab');
    expect(runFiles(root)[0]?.run.processes).toEqual([]);
  });

  test('with CACHELAB_PG_URL of a role that may make nothing but a schema stays in its database, with one witness', async () => {
    const { postgresUrl } = await testStack();
    const { url, drop } = await freshDatabase('provision');
    try {
      await value(url, 'DROP EXTENSION IF EXISTS pg_stat_statements');
      await value(url, "CREATE ROLE modest LOGIN PASSWORD 'modest'");
      const modest = new URL(url);
      [modest.username, modest.password] = ['modest', 'modest'];
      const env = { ...plainEnv(), CACHELAB_PG_URL: modest.href };
      const refusal = await startPostgres({ root, supervisor, env }).catch(
        (error: unknown) => error,
      );
      expect(refusal).toMatchObject({
        code: 'E_POSTGRES_UNREACHABLE',
        exitCode: 69,
        message: expect.stringContaining('neither a database nor a schema') as unknown,
      });
      expect(String(refusal)).not.toContain('modest:modest');
      await value(url, `GRANT CREATE ON DATABASE ${new URL(url).pathname.slice(1)} TO modest`);
      expect(await startPostgres({ root, supervisor, env })).toMatchObject({
        url: modest.href,
        pgStatStatements: false,
      });
    } finally {
      await drop();
      await value(postgresUrl, 'DROP ROLE IF EXISTS modest');
    }
  });

  test('with a CACHELAB_PG_URL where nothing listens is an error with exit code 69, and starts nothing instead', async () => {
    const env = {
      ...plainEnv(),
      CACHELAB_PG_URL: `postgres://me:secret@127.0.0.1:${await freePort()}/x`,
    };
    const failure = await startPostgres({ root, supervisor, env }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'E_POSTGRES_UNREACHABLE', exitCode: 69 });
    expect(String(failure)).toContain('ECONNREFUSED');
    expect(String(failure)).not.toContain('secret');
  });
});

describe('Redis', () => {
  test('of the lab keeps nothing on disk; two of them run side by side, one with a memory limit', async () => {
    const { redisServer } = await testStack();
    const program = requireTool(redisServer, 'redis-server', failing);
    const plain = await startRedis({ supervisor, ...program });
    const small = await startRedis({
      supervisor,
      ...program,
      name: 'small',
      args: ['--maxmemory', '8mb'],
    });
    const client = new RedisClient(small.url);
    try {
      expect(await client.config('GET', 'save')).toEqual(['save', '']);
      expect(await client.config('GET', 'maxmemory')).toEqual(['maxmemory', String(8 << 20)]);
    } finally {
      client.disconnect();
    }
    expect(plain.url).not.toBe(small.url);
    expect(runFiles(root)[0]?.run.ports).toEqual({
      redis: Number(new URL(plain.url).port),
      small: Number(new URL(small.url).port),
    });
  });

  test('asked to use a port that is taken says so, and leaves its holder alone', async () => {
    const program = requireTool((await testStack()).redisServer, 'redis-server', failing);
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const address = holder.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    await expect(startRedis({ supervisor, ...program, port })).rejects.toMatchObject({
      code: 'E_PORT_TAKEN',
      message: expect.stringContaining(String(port)) as unknown,
    });
    expect(holder.listening).toBe(true);
    await new Promise((resolve) => holder.close(resolve));
  });

  test('with CACHELAB_REDIS_URL is never ours, and two labs on it have different key prefixes', async () => {
    const env = { ...plainEnv(), CACHELAB_REDIS_URL: (await testStack()).redisUrl };
    const [first, second] = [
      await provideRedis({ root, supervisor, env }),
      await provideRedis({ root, supervisor, env }),
    ];
    expect(first).toMatchObject({ owned: false, pid: null });
    expect(first.keyPrefix).toMatch(/^cachelab:[0-9a-f]{8}:$/);
    expect(second.keyPrefix).not.toBe(first.keyPrefix);
  });

  test('is unpacked from the Debian packages without root into a cache of its own, and found there again', async (context) => {
    const apt = existsSync('/usr/bin/apt-get') ? '/usr/bin/apt-get' : null;
    requireTool(apt, 'apt-get (Debian, Ubuntu)', context.skip);
    // All programs of the system but a Redis, which would be found first.
    const bin = join(root, 'bin');
    mkdirSync(bin);
    for (const name of readdirSync('/usr/bin')) {
      if (!/^(redis|valkey)-/.test(name)) symlinkSync(join('/usr/bin', name), join(bin, name));
    }
    const env = { ...plainEnv(), PATH: bin, CACHELAB_CACHE: join(root, 'a cache') };
    const fetched = await findRedis(root, env, { install: true });
    expect(fetched).toMatchObject({ origin: 'Debian packages in the cache' });
    if (!('bin' in fetched)) throw new Error(fetched.tried.join('; '));
    const redis = await startRedis({ supervisor, ...fetched });
    expect(redis).toMatchObject({ owned: true, version: fetched.version });
    expect(await findRedis(root, env, { install: false })).toMatchObject({ bin: fetched.bin });
  }, 180_000); // as fast as the network is
});

test('all missing services are named in one error with exit code 69, and what had started is ended', async () => {
  const env = {
    PATH: '',
    CACHELAB_MIRROR: 'http://127.0.0.1:9',
    CACHELAB_CACHE: join(root, 'empty'),
  };
  const failure = await startStack({
    root: (await testStack()).root,
    supervisor,
    services: ['postgres', 'redis', 'k6'],
    env,
  }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'E_SERVICES_MISSING', exitCode: 69 });
  const text = String(failure);
  expect(text).toContain(
    'Redis not found. Tried:\n  - CACHELAB_REDIS_URL (not set)\n  - PATH: neither',
  );
  expect(text).toContain('k6 not found. Tried:');
  expect(failure).toMatchObject({
    hint: expect.stringMatching(/apt-get install redis-server[\s\S]*brew install k6/) as unknown,
  });
  expect(runFiles(root)[0]?.run.processes).toEqual([]);
});

function failing(reason: string): never {
  throw new Error(reason);
}
