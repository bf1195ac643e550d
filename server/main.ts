import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { pino } from 'pino';
import { createKnownSlugs } from './admission/known-slugs.ts';
import { createApp } from './app.ts';
import { createDatabase } from './database/database.ts';
import { seededRandom } from './database/random.ts';
import { readEnvironment } from './environment.ts';
import { createKeys } from './keys.ts';
import { createRedisBus } from './redis-bus.ts';
import { isCluster } from './redis-connect.ts';
import { createRedis } from './redis.ts';
import { listenOrExit, readOrExit } from './start.ts';

/**
 * Starts the store: reads the environment, listens, prints one line `{"listening": PORT}` on stdout; logs go to stderr.
 * Neither Postgres nor Redis needs to be there: `/readyz` says what is missing, and it is taken up when it comes.
 * Exit codes: 0 after SIGTERM or SIGINT, 1 when it cannot listen, 2 for a wrong environment.
 */
function main(): void {
  const environment = readOrExit(() => readEnvironment(process.env));
  const log = pino(
    { level: environment.logLevel, base: { name: 'cachelab', pid: process.pid } },
    pino.destination(2),
  );
  const db = createDatabase({
    url: environment.postgresUrl,
    poolSize: environment.dbPoolSize,
    maxWaitMs: environment.dbMaxWaitMs,
    latency: environment.dbLatency,
    seed: environment.seed,
    statementTimeoutMs: environment.dbTimeoutMs,
  });
  const redis = createRedis({
    url: environment.redisUrl,
    timeoutMs: environment.redisTimeoutMs,
    clientDefaults: environment.redisClient === 'default',
    breaker: environment.redisBreaker,
    onChange: (message) => log.warn(message),
  });
  const hashTags = isCluster(environment.redisUrl);
  const keys = createKeys(environment.keyPrefix, { hashTags });
  const knownSlugs = createKnownSlugs({
    postgresUrl: environment.postgresUrl,
    key: (slug) => keys.catalog(slug),
    forget: (key) => redis.delete(key),
    onChange: (message) => log.warn(message),
  });
  const bus = createRedisBus({
    url: environment.redisUrl,
    channel: keys.evictions,
    publish: (channel, message) => redis.publish(channel, message),
  });
  const app = createApp({
    db,
    knownSlugs,
    bus,
    redis,
    policy: environment.policy,
    keyPrefix: environment.keyPrefix,
    hashTags,
    log,
    slowMs: environment.slowMs,
    journal: environment.journal,
    now: Date.now,
    random: seededRandom(environment.seed + 1), // another sequence than the database's latency
    labToken: isLoopback(environment.host) ? null : (environment.labToken ?? ''),
  });

  const server = createServer(app);
  // Longer than the idle time of the load balancers and clients in front, so that they and not we close first.
  server.keepAliveTimeout = 65_000;
  server.headersTimeout = 66_000;
  server.requestTimeout = 30_000;
  listenOrExit(server, environment, (port) =>
    log.info({ port, policy: environment.policy.name }, 'listening'),
  );

  const stop = (): void => {
    void shutDown(server, async () => {
      knownSlugs.close();
      bus.close();
      redis.close();
      await db.close();
    });
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

/** Longest wait for requests that are under way, and then for their connections. */
const SHUTDOWN_MS = 10_000;

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** No new requests; those under way may end; then the services are let go. */
async function shutDown(server: Server, release: () => Promise<void>): Promise<void> {
  const timer = setTimeout(() => process.exit(1), SHUTDOWN_MS + 2000).unref();
  const closed = new Promise((resolve) => server.close(resolve));
  // A connection whose answer is out stays open for its client's next request: it has to be closed when it falls idle.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  const cut = setTimeout(() => server.closeAllConnections(), SHUTDOWN_MS);
  await closed;
  clearInterval(sweep);
  clearTimeout(cut);
  await release();
  clearTimeout(timer);
  process.exit(0);
}

main();
