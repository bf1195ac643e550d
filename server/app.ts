import express from 'express';
import type { Express, RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { KnownSlugs } from './admission/known-slugs.ts';
import { buildStrategy } from './cache/policy.ts';
import type { Policy } from './cache/policy.ts';
import type { Bus, Services } from './cache/strategy.ts';
import { currentVersion } from './catalog/current-version.ts';
import type { Context } from './context.ts';
import type { Database } from './database/database.ts';
import { serveBatch } from './http/batch.ts';
import { serveCacheStats } from './http/cache-stats.ts';
import { serveCatalogV2 } from './http/catalog-v2.ts';
import { serveHealth, serveReady } from './http/health.ts';
import { labRouter } from './http/lab.ts';
import { databaseProblem } from './http/load-page.ts';
import { serveMetrics } from './http/metrics.ts';
import { servePage } from './http/page.ts';
import { MAX_BODY, notFound, onlyMethods, Problem, problemHandler } from './http/problem.ts';
import { createRedisReader } from './http/redis-figures.ts';
import { serveRebuildCache } from './http/rebuild-cache.ts';
import { serveStorefront } from './http/storefront.ts';
import { serveUpdatePrice } from './http/update-price.ts';
import { ServerJournal } from './journal.ts';
import { createKeys } from './keys.ts';
import { PageStats } from './page-stats.ts';
import type { GuardedRedis } from './redis.ts';
import { createSlowLog } from './slow-log.ts';

const MAX_URL_LENGTH = 2048;

/** Everything that the app is made of. */
export interface AppParts {
  db: Database;
  redis: GuardedRedis;
  policy: Policy;
  /** For policies that ask which stores exist; it follows the policy in force. */
  knownSlugs?: KnownSlugs;
  /** For policies that keep pages in the memory of several processes. */
  bus?: Bus;
  keyPrefix: string;
  /** Redis is a cluster. */
  hashTags?: boolean;
  log: Logger;
  /** Pages that take longer are logged. */
  slowMs: number;
  /** Keep each read, load and write for `GET /lab/journal`. */
  journal: boolean;
  /** Milliseconds since the Unix epoch. */
  now: () => number;
  /** Uniform in [0, 1). */
  random: () => number;
  /** Needed for `/lab/*`; null opens it, empty closes it. */
  labToken: string | null;
}

/** The HTTP application, without a port. It owns none of its parts. */
export function createApp(parts: AppParts): Express {
  const { db, redis, policy, log, now, random, labToken } = parts;
  const stats = new PageStats();
  const keys = createKeys(parts.keyPrefix, { hashTags: parts.hashTags ?? false });
  const services: Services = {
    store: redis,
    now,
    random,
    currentVersion: (key) =>
      currentVersion(db, keys.slugOf(key)).catch((error: unknown) => {
        throw databaseProblem(error);
      }),
    existence: parts.knownSlugs ?? null,
    bus: parts.bus ?? null,
    count: (event) => stats.count(event),
  };
  const context: Context = {
    db,
    redis,
    redisFigures: createRedisReader(redis, () => performance.now(), now),
    services,
    keys,
    stats,
    journal: parts.journal ? new ServerJournal() : null,
    log,
    slow: createSlowLog(log, parts.slowMs, () => performance.now()),
    inForce: { policy, strategy: buildStrategy(policy.settings, services) },
    knownSlugs: parts.knownSlugs ?? null,
    labToken,
  };
  void parts.knownSlugs?.follow(policy.settings);

  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  // First, because express tries one after the other and this one is measured. It has no use for a long URL: it reads
  // nothing of it but the slug, which is bounded.
  app.route('/stores/:slug/catalog').get(servePage(context)).all(onlyMethods('GET', 'HEAD'));
  app.use(boundedUrl);
  app
    .route('/stores/:slug/catalog/v2')
    .get(serveCatalogV2(context))
    .all(onlyMethods('GET', 'HEAD'));
  app.route('/stores/batch-catalog').get(serveBatch(context)).all(onlyMethods('GET', 'HEAD'));
  app.route('/stores/:slug').get(serveStorefront(context)).all(onlyMethods('GET', 'HEAD'));
  app.route('/cache/stats').get(serveCacheStats(context)).all(onlyMethods('GET', 'HEAD'));
  app.route('/healthz').get(serveHealth).all(onlyMethods('GET', 'HEAD'));
  app.route('/readyz').get(serveReady(context)).all(onlyMethods('GET', 'HEAD'));
  app.route('/metrics').get(serveMetrics(context)).all(onlyMethods('GET', 'HEAD'));

  const body = express.json({ limit: MAX_BODY });
  app
    .route('/stores/:slug/products/:id/update-price')
    .post(body, serveUpdatePrice(context))
    .all(onlyMethods('POST'));
  app
    .route('/stores/:slug/rebuild-cache')
    .post(serveRebuildCache(context))
    .all(onlyMethods('POST'));
  app.use('/lab', labRouter(context));

  app.use(notFound);
  app.use(problemHandler((error) => log.error({ err: error }, 'request failed')));
  return app;
}

const boundedUrl: RequestHandler = (request, _response, next) => {
  if (request.url.length > MAX_URL_LENGTH)
    throw new Problem(414, `the URL is longer than ${MAX_URL_LENGTH} characters`);
  next();
};
