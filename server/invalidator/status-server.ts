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

function prometheus(figures: Figures): string {
  return Object.entries(figures.read())
    .map(([name, value]) => {
      const counter = Object.hasOwn(figures.counters, name);
      const snake = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      const metric = `cachelab_invalidator_${snake}${counter ? '_total' : ''}`;
      return `# TYPE ${metric} ${counter ? 'counter' : 'gauge'}\n${metric} ${value}\n`;
    })
    .join('');
}
