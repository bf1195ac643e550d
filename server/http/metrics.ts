import type { Request, Response } from 'express';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { Context } from '../context.ts';
import { sumOutcomes } from './cache-stats.ts';

const QUANTILES = [0.5, 0.9, 0.99, 0.999];

/**
 * `GET /metrics` for Prometheus. Everything is read from the counters when asked: a page request does nothing for it.
 * Counters begin again with `POST /lab/stats/reset`, which Prometheus takes for a restart.
 */
export function serveMetrics(
  context: Context,
): (request: Request, response: Response) => Promise<void> {
  let registry: Registry | null = null; // made for the first who asks: its watchers of GC and event loop cost CPU
  return async (_request, response) => {
    registry ??= createRegistry(context);
    response.type(registry.contentType).end(await registry.metrics());
  };
}

function createRegistry(context: Context): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const phases = () => Object.values(context.stats.phases);

  const counter = (name: string, help: string, read: () => number): void => {
    const metric: Counter = new Counter({
      name,
      help,
      registers,
      collect() {
        metric.reset();
        metric.inc(read());
      },
    });
  };
  const gauge = (name: string, help: string, read: () => number): void => {
    const metric: Gauge = new Gauge({ name, help, registers, collect: () => metric.set(read()) });
  };
  const total = (field: 'requests' | 'loads' | 'selects' | 'errors' | 'shed') => () =>
    phases().reduce((sum, phase) => sum + phase[field], 0);

  counter('cachelab_page_requests_total', 'Page requests', total('requests'));
  counter('cachelab_page_loads_total', 'Pages built from the database', total('loads'));
  counter('cachelab_page_selects_total', 'SELECTs of page loads', total('selects'));
  counter('cachelab_page_errors_total', 'Page answers with status 500 or above', total('errors'));
  counter('cachelab_page_shed_total', 'Page answers with status 503', total('shed'));

  const outcomes: Counter<'outcome'> = new Counter({
    name: 'cachelab_page_outcomes_total',
    help: 'Page reads by what the cache did',
    labelNames: ['outcome'],
    registers,
    collect() {
      outcomes.reset();
      for (const [outcome, count] of Object.entries(sumOutcomes(phases())))
        outcomes.inc({ outcome }, count);
    },
  });
  const seconds: Gauge<'quantile' | 'phase'> = new Gauge({
    name: 'cachelab_page_seconds',
    help: 'Handling time of page requests since the last reset',
    labelNames: ['quantile', 'phase'],
    registers,
    collect() {
      seconds.reset();
      for (const [phase, { requests, micros }] of Object.entries(context.stats.phases))
        for (const quantile of requests === 0 ? [] : QUANTILES)
          seconds.set({ quantile, phase }, micros.getValueAtPercentile(quantile * 100) / 1e6);
    },
  });

  gauge('cachelab_redis_up', '1: commands are sent; 0: pages come from the database', () =>
    context.redis.state() === 'up' ? 1 : 0,
  );
  const pool = (field: 'size' | 'total' | 'idle' | 'waiting') => () => context.db.counters()[field];
  gauge('cachelab_db_pool_size', 'Most database connections', pool('size'));
  gauge('cachelab_db_pool_open', 'Open database connections', pool('total'));
  gauge('cachelab_db_pool_idle', 'Idle database connections', pool('idle'));
  gauge('cachelab_db_pool_waiting', 'Callers waiting for a connection', pool('waiting'));

  return registry;
}
