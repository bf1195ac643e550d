import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { freePort } from '../lab/provision/ports.ts';
import { seedDatabase } from '../seed/load.ts';
import { freshDatabase, testStack } from './stack.ts';

let database: Awaited<ReturnType<typeof freshDatabase>>;
let environment: Record<string, string>;
const started: ChildProcess[] = [];

beforeAll(async () => {
  database = await freshDatabase('server_start');
  await seedDatabase({ url: database.url, seed: 1, stores: 0 });
  environment = {
    CACHELAB_PG_URL: database.url,
    CACHELAB_REDIS_URL: (await testStack()).redisUrl,
    CACHELAB_KEY_PREFIX: `start-${process.pid}:`,
    CACHELAB_POLICY: 'uncached',
    CACHELAB_DB_LATENCY: '0',
    CACHELAB_PORT: '0',
  };
});
afterAll(async () => {
  for (const child of started) child.kill('SIGKILL');
  await database.drop();
});

describe('the server process', () => {
  test('prints one line of JSON with its port and serves there', async () => {
    const server = await start(environment);
    await server.listening();
    expect(server.output()).toMatch(/^\{"listening":\d+\}\n$/);
    const response = await fetch(`${server.url()}/stores/lao-zhang/catalog`);
    expect(response.headers.get('x-db-queries')).toBe('114');
    expect(await server.end('SIGTERM')).toBe(0);
  });

  test('on SIGTERM lets the page under way end, takes no new one, and exits with 0', async () => {
    const server = await start(environment);
    await server.listening();
    const client = new Client({ connectionString: database.url });
    await client.connect();
    try {
      await client.query('BEGIN; LOCK TABLE cachelab.stores'); // the page waits in its first statement
      const page = fetch(`${server.url()}/stores/lao-zhang/catalog`);
      await vi.waitUntil(
        async () => {
          const waiting = await client.query(
            'SELECT FROM pg_locks JOIN pg_database d ON d.oid = database WHERE NOT granted AND datname = current_database()',
          );
          return waiting.rowCount === 1;
        },
        { timeout: 4000 },
      );
      const ended = server.end('SIGTERM');
      await vi.waitUntil(
        () =>
          fetch(`${server.url()}/healthz`).then(
            () => false,
            () => true,
          ),
        { timeout: 4000 },
      );
      await client.query('COMMIT');
      const response = await page;
      expect(response.status).toBe(200);
      expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(10_000);
      expect(await ended).toBe(0);
    } finally {
      await client.end();
    }
  });

  test('a port that is taken: exit code 1 and a sentence that says what to do', async () => {
    const port = await freePort();
    const other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    try {
      const server = await start({ ...environment, CACHELAB_PORT: String(port) });
      expect(await server.exited).toBe(1);
      expect(server.errors()).toBe(
        `port ${port} on 127.0.0.1 is taken by another program; stop it, or set CACHELAB_PORT (0 takes a free one)\n`,
      );
    } finally {
      other.close();
    }
  });

  test('a wrong environment: exit code 2 and every variable that is wrong', async () => {
    const server = await start({
      ...environment,
      CACHELAB_PORT: 'x',
      CACHELAB_POLICY: '{"preset":"cached","overrides":{"ttlMs":-1}}',
      CACHELAB_REDIS_URL: '',
    });
    expect(await server.exited).toBe(2);
    const lines = server.errors().trim().split('\n');
    expect(lines).toHaveLength(4);
    expect(lines.join('\n')).toMatch(
      /CACHELAB_PORT is "x"[^]*CACHELAB_REDIS_URL[^]*CACHELAB_POLICY/,
    );
    expect(server.errors()).not.toMatch(/\.ts:\d/);
  });

  test('a database that refuses: the server starts, and readiness says why', async () => {
    const refusing = `postgres://nobody@127.0.0.1:${await freePort()}/none`;
    const server = await start({ ...environment, CACHELAB_PG_URL: refusing });
    await server.listening();
    const ready = await fetch(`${server.url()}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({
      status: 'not ready',
      postgres: expect.stringContaining('ECONNREFUSED'),
    });
    const page = await fetch(`${server.url()}/stores/lao-zhang/catalog`);
    expect(page.status).toBe(503);
    expect(page.headers.get('retry-after')).toBe('1');
    expect(await server.end('SIGINT')).toBe(0);
  });

  test('beyond loopback /lab is closed without a token', async () => {
    const server = await start({ ...environment, CACHELAB_HOST: '0.0.0.0' });
    await server.listening();
    expect((await fetch(`${server.url()}/lab/policy`)).status).toBe(403);
    await server.end('SIGTERM');
  });
});

interface Process {
  output(): string;
  errors(): string;
  url(): string;
  listening(): Promise<void>;
  exited: Promise<number | null>;
  end(signal: NodeJS.Signals): Promise<number | null>;
}

async function start(variables: Record<string, string>): Promise<Process> {
  const { root } = await testStack();
  const child = spawn(process.execPath, ['--import', 'tsx', join(root, 'server', 'main.ts')], {
    cwd: root,
    env: { ...process.env, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const exited = new Promise<number | null>((resolve) => {
    child.once('close', (code) => resolve(code));
  });
  const port = (): string => /"listening":(\d+)/.exec(output)?.[1] ?? '';
  return {
    output: () => output,
    errors: () => errors,
    url: () => `http://127.0.0.1:${port()}`,
    listening: async () => {
      await vi.waitUntil(() => port() !== '', { timeout: 20_000 });
    },
    exited,
    end(signal) {
      child.kill(signal);
      return exited;
    },
  };
}
