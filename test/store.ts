import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { pino } from 'pino';
import { vi } from 'vitest';
import { createKnownSlugs } from '../server/admission/known-slugs.ts';
import type { KnownSlugs } from '../server/admission/known-slugs.ts';
import { createApp } from '../server/app.ts';
import { resolvePolicy } from '../server/cache/policy.ts';
import { createDatabase } from '../server/database/database.ts';
import type { Database } from '../server/database/database.ts';
import { createKeys } from '../server/keys.ts';
import { createRedis } from '../server/redis.ts';
import type { GuardedRedis } from '../server/redis.ts';
import { freshDatabase, testStack } from './stack.ts';
import { seedDatabase } from '../seed/load.ts';

/** The store in this process, on a port of its own, with a real database and Redis. */
export interface TestStore {
  url: string;
  keyPrefix: string;
  postgresUrl: string;
  redisUrl: string;
  db: Database;
  redis: GuardedRedis;
  knownSlugs: KnownSlugs;
  /** Lines that the server logged. */
  logged: string[];
  /** Moves the clock by which entries age. */
  advance(ms: number): void;
  setPolicy(policy: unknown): Promise<void>;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  post(path: string, body?: unknown): Promise<Response>;
  /** Every connection breaks, and a new one is refused. */
  dropDatabase(): Promise<void>;
  close(): Promise<void>;
}

/** A database with the restaurant and `stores` others, and the app around it. */
export async function openStore(
  options: {
    stores?: number;
    poolSize?: number;
    labToken?: string | null;
    dbLatencyMs?: number;
  } = {},
): Promise<TestStore> {
  const { redisUrl } = await testStack();
  const database = await freshDatabase('store');
  await seedDatabase({ url: database.url, seed: 1, stores: options.stores ?? 3 });
  const latencyMs = options.dbLatencyMs ?? 0;
  const db = createDatabase({
    url: database.url,
    poolSize: options.poolSize ?? 10,
    maxWaitMs: 2000,
    latency: { minMs: latencyMs, maxMs: latencyMs },
    seed: 1,
    statementTimeoutMs: 10_000,
  });
  const redis = createRedis({ url: redisUrl, timeoutMs: 2000, onChange: () => {} });
  await vi.waitUntil(() => redis.ping().then(Number.isFinite, () => false), { timeout: 5000 });

  const logged: string[] = [];
  const keyPrefix = `test-${randomBytes(4).toString('hex')}:`;
  let clockOffsetMs = 0;
  const knownSlugs = createKnownSlugs({
    postgresUrl: database.url,
    key: (slug) => createKeys(keyPrefix).catalog(slug),
    forget: (key) => redis.delete(key),
    onChange: (message) => logged.push(message),
  });
  const app = createApp({
    db,
    knownSlugs,
    redis,
    policy: resolvePolicy('cached'),
    keyPrefix,
    log: pino({ level: 'warn' }, { write: (line: string) => logged.push(line) }),
    slowMs: 60_000,
    journal: true,
    now: () => Date.now() + clockOffsetMs,
    random: () => 0.5,
    labToken: options.labToken ?? null,
  });
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;

  const send = (method: string, path: string, body: unknown): Promise<Response> =>
    fetch(url + path, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
  return {
    url,
    keyPrefix,
    postgresUrl: database.url,
    redisUrl,
    db,
    redis,
    knownSlugs,
    logged,
    advance: (ms) => {
      clockOffsetMs += ms;
    },
    async setPolicy(policy) {
      const response = await send('PUT', '/lab/policy', policy);
      if (!response.ok) throw new Error(await response.text());
    },
    get: (path, headers = {}) => fetch(url + path, { headers }),
    post: (path, body) => send('POST', path, body),
    dropDatabase: () => database.drop(),
    async close() {
      await redis.clear([keyPrefix]);
      server.closeAllConnections();
      server.close();
      knownSlugs.close();
      redis.close();
      await db.close();
      await database.drop();
    },
  };
}
