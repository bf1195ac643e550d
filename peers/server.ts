import { createServer } from 'node:http';
import express from 'express';
import { pino } from 'pino';
import { resolvePolicy } from '../server/cache/policy.ts';
import type { Policy } from '../server/cache/policy.ts';
import { uncached } from '../server/cache/uncached.ts';
import type { Context } from '../server/context.ts';
import { createDatabase } from '../server/database/database.ts';
import { readEnvironment } from '../server/environment.ts';
import { serveReady } from '../server/http/health.ts';
import { labRouter } from '../server/http/lab.ts';
import { MAX_BODY, problemHandler } from '../server/http/problem.ts';
import { serveUpdatePrice } from '../server/http/update-price.ts';
import { ServerJournal } from '../server/journal.ts';
import { createKeys } from '../server/keys.ts';
import { PageStats } from '../server/page-stats.ts';
import { createRedis } from '../server/redis.ts';
import { listenOrExit } from '../server/start.ts';
import { openLibrary } from './libraries.ts';
import { createLoads } from './loads.ts';
import { servePeerPage } from './page.ts';

/**
 * The same page behind another cache library. Starts as the store does, with the variables of
 * `lab/server-protocol.ts`; CACHELAB_POLICY names the library, and may override `ttlMs`.
 */
const { library, settings } = readPolicy(process.env['CACHELAB_POLICY'] ?? '');
const environment = readEnvironment({
  ...process.env,
  CACHELAB_POLICY: JSON.stringify({ preset: 'invalidated', overrides: settings }),
});
const log = pino({ level: environment.logLevel }, pino.destination(2));
const db = createDatabase({
  url: environment.postgresUrl,
  poolSize: environment.dbPoolSize,
  maxWaitMs: environment.dbMaxWaitMs,
  latency: environment.dbLatency,
  seed: environment.seed,
  statementTimeoutMs: 10_000,
});
// For the lab: is Redis there, and clear the cache. The library has a connection of its own.
const redis = createRedis({
  url: environment.redisUrl,
  timeoutMs: environment.redisTimeoutMs,
  onChange: (message) => log.warn(message),
});
const prefix = `${environment.keyPrefix}peer:`;
const policy: Policy = {
  ...environment.policy,
  name: library,
  preset: library,
  title: library,
  description: `As ${library} shows it in its README, with Redis as its store.`,
};
const services = { store: redis, now: Date.now, random: Math.random, count: () => {} };
const context: Context = {
  db,
  redis,
  services,
  keys: { ...createKeys(environment.keyPrefix), families: [prefix] },
  stats: new PageStats(),
  journal: environment.journal ? new ServerJournal() : null,
  log,
  slow: () => {},
  // Neither PUT /lab/policy nor a cleared cache puts one of the store's strategies in the library's place.
  get inForce() {
    return inForce;
  },
  set inForce(_other) {},
  knownSlugs: null,
  labToken: null,
};
const loads = createLoads(context);
const peer = await openLibrary(library, {
  redisUrl: environment.redisUrl,
  prefix,
  ttlMs: policy.settings.ttlMs ?? 3_600_000,
  load: (slug) => loads.load(slug),
});
const inForce = {
  policy,
  strategy: {
    ...uncached(services),
    name: library,
    afterWrite: (key: string) =>
      peer.forget(slugOf(key)).then(
        () => true,
        () => false,
      ),
  },
};

const app = express();
app.disable('x-powered-by');
app.disable('etag');
app.get('/stores/:slug/catalog', servePeerPage(context, peer, loads));
app.get('/readyz', serveReady(context));
app.post(
  '/stores/:slug/products/:id/update-price',
  express.json({ limit: MAX_BODY }),
  serveUpdatePrice(context),
);
app.use('/lab', labRouter(context));
app.use(problemHandler((error) => log.error({ err: error }, 'request failed')));

const server = createServer(app);
server.keepAliveTimeout = 65_000;
// Loopback alone: the lab's routes have no token here.
listenOrExit(server, { host: '127.0.0.1', port: environment.port }, () => {});

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));

function slugOf(key: string): string {
  return context.keys.slugOf(key);
}

function readPolicy(text: string): { library: string; settings: Record<string, unknown> } {
  if (!text.startsWith('{')) return { library: text, settings: {} };
  const { preset = '', overrides = {} } = JSON.parse(text) as {
    preset?: string;
    overrides?: Record<string, unknown>;
  };
  resolvePolicy({ preset: 'invalidated', overrides });
  return { library: preset, settings: overrides };
}
