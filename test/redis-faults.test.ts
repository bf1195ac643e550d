import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { freePort } from '../lab/provision/ports.ts';
import { createSupervisor } from '../lab/provision/supervisor.ts';
import type { Supervisor } from '../lab/provision/supervisor.ts';
import { startServer } from '../lab/server-process.ts';
import type { ServerProcess } from '../lab/server-process.ts';
import { seedDatabase } from '../seed/load.ts';
import { freshDatabase, requireTool, testStack } from './stack.ts';

/** Steady load: one page every 20 ms, whatever becomes of the ones before. */
const PER_SECOND = 50;
const FAULT_MS = 3000;
const TIMEOUT_MS = 100;
/** One statement a page: 50 a second are far below what the database can do. */
const POLICY = JSON.stringify({ preset: 'cached', overrides: { query: 'joined' } });

type Step = (redis: OwnRedis) => Promise<void>;

interface Page {
  atMs: number;
  status: number;
  outcome: string | null;
  /** Time inside the server that was not spent on the database. */
  delayMs: number;
}

let supervisor: Supervisor;
let database: Awaited<ReturnType<typeof freshDatabase>>;

beforeAll(async () => {
  const { root } = await testStack();
  supervisor = createSupervisor({ root, label: 'test redis faults', handleSignals: false });
  database = await freshDatabase('redis_faults');
  await seedDatabase({ url: database.url, seed: 1, stores: 0 });
});
afterAll(async () => {
  await supervisor.stopAll();
  await database.drop();
});

describe('pages while Redis is away, at 50 requests/s', () => {
  test.for<[string, Step, Step]>([
    ['killed and started again', (redis) => redis.kill(), (redis) => redis.start()],
    ['frozen and thawed', (redis) => redis.signal('SIGSTOP'), (redis) => redis.signal('SIGCONT')],
    ['paused by CLIENT PAUSE', (redis) => redis.pause(FAULT_MS), () => Promise.resolve()],
  ])(
    '%s: 0 failed pages, a bounded delay, hits within 5 s of its return',
    async ([, breakIt, heal], context) => {
      const redis = await ownRedis(context.skip);
      const server = await serverOn(redis);
      const load = startLoad(`${server.baseUrl}/stores/lao-zhang/catalog`);
      try {
        await vi.waitUntil(() => load.last()?.outcome === 'hit', { timeout: 10_000 });
        const brokenAtMs = performance.now();
        await breakIt(redis);
        await sleep(FAULT_MS);
        await heal(redis);
        const healedAtMs = performance.now();
        await vi.waitUntil(() => load.last()?.outcome === 'hit', { timeout: 15_000 });
        const hitAfterMs = performance.now() - healedAtMs;
        const pages = await load.stop();
        const during = pages.filter(({ atMs }) => atMs > brokenAtMs && atMs < healedAtMs);

        expect(pages.filter(({ status }) => status !== 200)).toEqual([]);
        expect(during.length).toBeGreaterThan((FAULT_MS / 1000) * PER_SECOND * 0.5);
        // The fault was felt, and nearly all pages went straight to the database.
        const past = during.filter(({ outcome }) => outcome === 'bypass');
        expect(past.length / during.length).toBeGreaterThan(0.8);
        // One timeout, and room for a busy machine; a wait for Redis's return would be up to 3,000 ms.
        expect(Math.max(...during.map(({ delayMs }) => delayMs))).toBeLessThan(10 * TIMEOUT_MS);
        // Who waited took a whole timeout; the page itself costs some ms, more on a busy machine.
        const quick = during.filter(({ delayMs }) => delayMs < TIMEOUT_MS * 0.9);
        expect(quick.length / during.length).toBeGreaterThan(0.85); // the circuit breaker spares the wait
        expect(hitAfterMs).toBeLessThan(5000);
      } finally {
        await load.stop();
        await server.stop();
        await redis.kill();
      }
    },
  );

  test('not there at the start: the server serves from the database, says so, and takes Redis up when it comes', async (context) => {
    const redis = await ownRedis(context.skip);
    await redis.kill();
    const server = await serverOn(redis);
    try {
      const page = await server.page('/stores/lao-zhang/catalog');
      expect(page).toMatchObject({ status: 200, outcome: 'bypass', selects: 1 });
      const ready = await fetch(`${server.baseUrl}/readyz`);
      expect(ready.status).toBe(200);
      expect(await ready.json()).toMatchObject({ status: 'degraded', postgres: 'up' });
      const update = await fetch(`${server.baseUrl}/stores/lao-zhang/products/1/update-price`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"price":120}',
      });
      expect(await update.json()).toMatchObject({ cache_invalidated: false });
      const rebuild = await fetch(`${server.baseUrl}/stores/lao-zhang/rebuild-cache`, {
        method: 'POST',
      });
      expect(rebuild.status).toBe(503);
      await redis.start();
      await vi.waitUntil(
        async () => (await server.page('/stores/lao-zhang/catalog')).outcome === 'hit',
        { timeout: 5000, interval: 50 },
      );
    } finally {
      await server.stop();
      await redis.kill();
    }
  });
});

interface OwnRedis {
  url: string;
  start(): Promise<void>;
  kill(): Promise<void>;
  signal(signal: NodeJS.Signals): Promise<void>;
  /** Every command of every client waits, those of a new connection too. */
  pause(ms: number): Promise<void>;
}

/** A Redis of this test's own: the shared one must stay as it is. */
async function ownRedis(skip: (reason: string) => never): Promise<OwnRedis> {
  const program = requireTool((await testStack()).redisServer, 'redis-server', skip);
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let child: ChildProcess | null = null;
  const redis: OwnRedis = {
    url,
    async start() {
      const flags = [
        '--port',
        String(port),
        '--bind',
        '127.0.0.1',
        '--save',
        '',
        '--dir',
        tmpdir(),
      ];
      child = supervisor.spawn('redis of a test', program.bin, flags, {
        env: { ...process.env, ...program.env },
      }).child;
      const client = new Redis(url, { retryStrategy: () => 20, maxRetriesPerRequest: null });
      client.on('error', () => {});
      await client.ping();
      client.disconnect();
    },
    async kill() {
      if (child === null || child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
    signal(signal) {
      child?.kill(signal);
      return Promise.resolve();
    },
    async pause(ms) {
      const client = new Redis(url);
      await client.call('CLIENT', 'PAUSE', String(ms), 'ALL');
      client.disconnect();
    },
  };
  await redis.start();
  return redis;
}

async function serverOn(redis: OwnRedis): Promise<ServerProcess> {
  const { root } = await testStack();
  return startServer({
    root,
    supervisor,
    environment: {
      CACHELAB_PG_URL: database.url,
      CACHELAB_REDIS_URL: redis.url,
      CACHELAB_POLICY: POLICY,
      CACHELAB_DB_LATENCY: '0',
      CACHELAB_REDIS_TIMEOUT_MS: String(TIMEOUT_MS),
      CACHELAB_LOG: 'silent',
    },
  });
}

/** Open model: the next request does not wait for the last. */
function startLoad(url: string): {
  last(): Page | undefined;
  stop(): Promise<Page[]>;
} {
  const pages: Page[] = [];
  const underWay = new Set<Promise<void>>();
  const ask = async (): Promise<void> => {
    const atMs = performance.now();
    try {
      const response = await fetch(url);
      await response.arrayBuffer();
      const timing = response.headers.get('server-timing') ?? '';
      const part = (name: string): number =>
        Number(new RegExp(`${name};dur=([\\d.]+)`).exec(timing)?.[1] ?? 0);
      pages.push({
        atMs,
        status: response.status,
        outcome: response.headers.get('x-cache-outcome'),
        delayMs: part('total') - part('db'),
      });
    } catch {
      pages.push({ atMs, status: 0, outcome: null, delayMs: 0 });
    }
  };
  const timer = setInterval(() => {
    const page = ask().finally(() => underWay.delete(page));
    underWay.add(page);
  }, 1000 / PER_SECOND);
  return {
    last: () => pages.at(-1),
    async stop() {
      clearInterval(timer);
      await Promise.all(underWay);
      return pages;
    },
  };
}
