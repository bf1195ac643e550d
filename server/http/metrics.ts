import type { Request, Response } from 'express';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { RedisFigures } from '../../lab/server-protocol.ts';
import { OUTCOMES } from '../cache/strategy.ts';
import type { Context } from '../context.ts';
import type { SecondsHistogram } from '../seconds-histogram.ts';
import { hitRatio, sumOutcomes } from './cache-stats.ts';
import { REDIS_METRICS } from './redis-metrics.ts';

const CIRCUITS = ['closed', 'half-open', 'open', 'off'] as const;

/** A value when asked; null: there is none, and the metric is left out. */
type Ask = () => number | null;

/**
 * `GET /metrics` for Prometheus. Everything is read from the counters when asked: a page request does nothing for it,
 * and Redis is asked about once a second at most. Counters begin again with `POST /lab/stats/reset`, which Prometheus takes
 * for a restart.
 */
export function serveMetrics(
  context: Context,
): (request: Request, response: Response) => Promise<void> {
  let registry: Registry | null = null; // made for the first who asks: its watchers of GC and event loop cost CPU
  let figures: RedisFigures | null = null;
  return async (_request, response) => {
    registry ??= createRegistry(context, () => figures);
    const latest = await context.redisFigures();
    // Not what was read before it went away.
    figures = context.redis.state() === 'up' ? latest : null;
    const { pageSeconds, loadSeconds } = context.stats;
    const text = [
      await registry.metrics(),
      histogram('cachelab_page_seconds', 'Handling time of page requests', pageSeconds),
      histogram(
        'cachelab_page_load_seconds',
        'Time to build a page from the database',
        loadSeconds,
      ),
    ];
    response.type(registry.contentType).end(text.join('\n'));
  };
}

function createRegistry(context: Context, figures: () => RedisFigures | null): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const phases = () => Object.values(context.stats.phases);

  const counter = (name: string, help: string, read: Ask): void => {
    const metric: Counter = new Counter({
      name,
      help,
      registers,
      collect() {
        metric.remove();
        const value = read();
        if (value !== null) metric.inc(value);
      },
    });
  };
  const gauge = (name: string, help: string, read: Ask): void => {
    const metric: Gauge = new Gauge({
      name,
      help,
      registers,
      collect() {
        metric.remove();
        const value = read();
        if (value !== null) metric.set(value);
      },
    });
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
      const counts = sumOutcomes(phases());
      // Those that never came too: a ratio of rates needs all its parts.
      for (const outcome of OUTCOMES) outcomes.inc({ outcome }, counts[outcome] ?? 0);
    },
  });
  gauge(
    'cachelab_page_hit_ratio',
    'Page reads answered from the cache, 0 to 1, since the counters began; for alerts use the rates of the outcomes',
    () => hitRatio(sumOutcomes(phases())),
  );
  gauge('cachelab_redis_up', '1: commands are sent; 0: pages come from the database', () =>
    context.redis.state() === 'up' ? 1 : 0,
  );
  const circuit: Gauge<'state'> = new Gauge({
    name: 'cachelab_redis_circuit_state',
    help: 'Circuit breaker of Redis: 1 for the state that it is in',
    labelNames: ['state'],
    registers,
    collect() {
      for (const state of CIRCUITS)
        circuit.set({ state }, context.redis.circuit().state === state ? 1 : 0);
    },
  });
  counter(
    'cachelab_redis_circuit_opened_total',
    'Times that the circuit breaker of Redis opened',
    () => context.redis.circuit().opened,
  );
  for (const { type, name, help, figure } of REDIS_METRICS)
    (type === 'counter' ? counter : gauge)(name, help, () => figures()?.[figure] ?? null);

  const pool = (field: 'size' | 'total' | 'idle' | 'waiting') => () => context.db.counters()[field];
  gauge('cachelab_db_pool_size', 'Most database connections', pool('size'));
  gauge('cachelab_db_pool_open', 'Open database connections', pool('total'));
  gauge('cachelab_db_pool_idle', 'Idle database connections', pool('idle'));
  gauge('cachelab_db_pool_waiting', 'Callers waiting for a connection', pool('waiting'));

  return registry;
}

/** A histogram that was counted elsewhere, in Prometheus's form, where each bound counts all that lie below it. */
function histogram(name: string, help: string, counted: SecondsHistogram): string {
  let below = 0;
  const buckets = counted.bounds.map((bound, index) => {
    below += counted.counts[index] ?? 0;
    return `${name}_bucket{le="${bound}"} ${below}`;
  });
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} histogram`,
    ...buckets,
    `${name}_bucket{le="+Inf"} ${counted.count}`,
    `${name}_sum ${counted.sumSeconds}`,
    `${name}_count ${counted.count}\n`,
  ].join('\n');
}
