import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { Figures } from './figures.ts';

/**
 * `GET /healthz` (the process answers), `/readyz` (200: connected to both services, and no change that it knows of waits),
 * `/stats` (figures as flat JSON) and `/metrics` (the same for Prometheus).
 */
export function createStatusServer(figures: Figures): Server {
  return createServer((request, response) => {
    const json = (status: number, body: unknown): void => {
      response.writeHead(status, {
        'content-type': 'application/json',
        'cache-control': 'no-store',
      });
      response.end(JSON.stringify(body));
    };
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    if (request.method !== 'GET') json(405, { error: 'only GET' });
    else if (pathname === '/healthz') json(200, { status: 'ok' });
    else if (pathname === '/stats') json(200, figures.read());
    else if (pathname === '/readyz') {
      const { postgresUp, redisUp, caughtUp } = figures.gauges;
      const ready = postgresUp + redisUp + caughtUp === 3;
      json(ready ? 200 : 503, {
        status: ready ? 'ready' : 'not ready',
        postgres: postgresUp === 1 ? 'up' : 'down',
        redis: redisUp === 1 ? 'up' : 'down',
        caughtUp: caughtUp === 1,
      });
    } else if (pathname === '/metrics') {
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' });
      response.end(prometheus(figures));
    } else json(404, { error: `there is no ${pathname}` });
  });
}

/** What each figure means, for `/metrics`. */
const HELP: Readonly<Record<string, string>> = {
  notifications: 'Notifications of changes, or to wake up',
  polls: 'Looks at the outbox',
  changes: 'Changed stores, each once a batch',
  deletes: 'Stores whose copies were deleted',
  failedDeletes: 'Batches that Redis did not take; outbox tries again',
  lostDeletes: 'Stores that were given up: their copies stay until the TTL ends',
  clears: 'Times that all copies were deleted',
  postgresConnections: 'Connections to Postgres since the start',
  trimmedRows: 'Rows that were removed from the outbox',
  postgresUp: '1: Postgres answers',
  redisUp: '1: Redis answers',
  caughtUp: '1: no known change waits',
  outstanding: 'Changes that wait',
  lagCount: 'Deletes whose lag was measured',
  lagP50Ms: 'Median time from a change to the deletion of its copy, since the start',
  lagP99Ms:
    '99th percentile of the time from a change to the deletion of its copy, since the start',
  lagMaxMs: 'Longest time from a change to the deletion of its copy, since the start',
};

/** Names in Prometheus's way: counters end in `_total`, times are in seconds. */
function prometheus(figures: Figures): string {
  return Object.entries(figures.read())
    .map(([name, value]) => {
      const counter = Object.hasOwn(figures.counters, name);
      const isTime = name.endsWith('Ms');
      // A name that ends in `_count` is for histograms.
      const snake = name
        .replace(/^lagCount$/, 'measuredLags')
        .replace(/Ms$/, 'Seconds')
        .replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      const metric = `cachelab_invalidator_${snake}${counter ? '_total' : ''}`;
      return [
        `# HELP ${metric} ${HELP[name] ?? name}`,
        `# TYPE ${metric} ${counter ? 'counter' : 'gauge'}`,
        `${metric} ${isTime ? value / 1000 : value}\n`,
      ].join('\n');
    })
    .join('');
}
