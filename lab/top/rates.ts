import type { CacheStats, SecondsCounts } from '../server-protocol.ts';
import type { Reading } from './reading.ts';

/** What happened between two readings. Null: nothing to divide by. */
export interface StoreRates {
  seconds: number;
  requestsPerSecond: number;
  /** (hit + early + stale) / reads, 0 to 1. */
  hitRatio: number | null;
  /** Upper bound of the bucket that holds the 99th percentile; infinite above the last bound. */
  p99AtMostMs: number | null;
  meanPageMs: number | null;
  loadsPerSecond: number;
  meanLoadMs: number | null;
  selectsPerSecond: number;
  errorsPerSecond: number;
  shedPerSecond: number;
}

export interface RedisRates {
  commandsPerSecond: number | null;
  hitRatio: number | null;
  evictedPerSecond: number | null;
  expiredPerSecond: number | null;
  slowPerSecond: number | null;
}

/** Null: the counters began anew in between, or there are not yet two readings. */
export interface Rates {
  store: StoreRates | null;
  redis: RedisRates | null;
}

/**
 * Turns readings into rates. The server reads Redis about once a second at most: rates of Redis are those between the last two
 * of its samples, also when a reading brings no new one.
 */
export class RateMeter {
  #last: Reading | null = null;
  #sample: CacheStats['redis'] | null = null;
  #redis: RedisRates | null = null;

  next(reading: Reading): Rates {
    const store = this.#last === null ? null : storeRates(this.#last, reading);
    this.#last = reading;
    const { redis } = reading.stats;
    if (redis.sampled_at_ms === undefined) this.#forgetRedis();
    else if (redis.sampled_at_ms !== this.#sample?.sampled_at_ms) {
      this.#redis = this.#sample === null ? null : redisRates(this.#sample, redis);
      this.#sample = redis;
    }
    return { store, redis: this.#redis };
  }

  /** After a gap: what lies in it is not shown as if it had just happened. */
  forget(): void {
    this.#last = null;
    this.#forgetRedis();
  }

  #forgetRedis(): void {
    this.#sample = null;
    this.#redis = null;
  }
}

function storeRates(before: Reading, after: Reading): StoreRates | null {
  const seconds = (after.atMs - before.atMs) / 1000;
  const [a, b] = [before.stats, after.stats];
  const pages = between(a.page_seconds, b.page_seconds);
  const loads = between(a.load_seconds, b.load_seconds);
  const counters = ['requests', 'loads', 'selects', 'errors', 'shed'] as const;
  const begunAnew = counters.some((name) => b[name] < a[name]) || pages === null || loads === null;
  if (seconds <= 0 || begunAnew) return null;
  const perSecond = (name: (typeof counters)[number]): number => (b[name] - a[name]) / seconds;
  return {
    seconds,
    requestsPerSecond: perSecond('requests'),
    hitRatio: hitRatioBetween(a.outcomes, b.outcomes),
    p99AtMostMs: atMostMs(pages, 0.99),
    meanPageMs: meanMs(pages),
    loadsPerSecond: perSecond('loads'),
    meanLoadMs: meanMs(loads),
    selectsPerSecond: perSecond('selects'),
    errorsPerSecond: perSecond('errors'),
    shedPerSecond: perSecond('shed'),
  };
}

function redisRates(a: CacheStats['redis'], b: CacheStats['redis']): RedisRates | null {
  const seconds = ((b.sampled_at_ms ?? 0) - (a.sampled_at_ms ?? 0)) / 1000;
  // A Redis that was started anew counts from 0 again.
  if (seconds <= 0 || (b.uptime_seconds ?? 0) < (a.uptime_seconds ?? 0)) return null;
  type Counter =
    | 'commands_processed'
    | 'evicted_keys'
    | 'expired_keys'
    | 'slowlog_logged'
    | 'keyspace_hits'
    | 'keyspace_misses';
  const grown = (name: Counter): number | null => {
    const [was, is] = [a[name] ?? null, b[name] ?? null];
    return was === null || is === null || is < was ? null : is - was;
  };
  const perSecond = (name: Counter): number | null => {
    const more = grown(name);
    return more === null ? null : more / seconds;
  };
  const [hits, misses] = [grown('keyspace_hits'), grown('keyspace_misses')];
  return {
    commandsPerSecond: perSecond('commands_processed'),
    hitRatio:
      hits === null || misses === null || hits + misses === 0 ? null : hits / (hits + misses),
    evictedPerSecond: perSecond('evicted_keys'),
    expiredPerSecond: perSecond('expired_keys'),
    slowPerSecond: perSecond('slowlog_logged'),
  };
}

function hitRatioBetween(a: CacheStats['outcomes'], b: CacheStats['outcomes']): number | null {
  let [served, all] = [0, 0];
  for (const [outcome, total] of Object.entries(b)) {
    const more = total - (a[outcome as keyof CacheStats['outcomes']] ?? 0);
    all += more;
    if (outcome === 'hit' || outcome === 'early' || outcome === 'stale') served += more;
  }
  return all === 0 ? null : served / all;
}

/** Null: it was begun anew, or has other bounds. */
function between(a: SecondsCounts, b: SecondsCounts): SecondsCounts | null {
  if (b.count < a.count || a.counts.length !== b.counts.length) return null;
  const counts = b.counts.map((count, index) => count - (a.counts[index] ?? 0));
  return { count: b.count - a.count, sum: b.sum - a.sum, bounds: b.bounds, counts };
}

function meanMs({ count, sum }: SecondsCounts): number | null {
  return count === 0 ? null : (sum / count) * 1000;
}

function atMostMs({ count, bounds, counts }: SecondsCounts, quantile: number): number | null {
  if (count === 0) return null;
  let below = 0;
  for (const [index, bound] of bounds.entries()) {
    below += counts[index] ?? 0;
    if (below >= count * quantile) return bound * 1000;
  }
  return Number.POSITIVE_INFINITY;
}
