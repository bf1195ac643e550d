import type { CacheStats, SecondsCounts } from '../server-protocol.ts';
import type { Moment } from './table.ts';

/** Page times with bounds of 10 and 100 ms. */
export function seconds(counts: [number, number, number], sum: number): SecondsCounts {
  return { count: counts[0] + counts[1] + counts[2], sum, bounds: [0.01, 0.1], counts };
}

/** A store with nothing to complain of, 100 requests after its start. */
export function healthyStats(change: Partial<CacheStats> = {}): CacheStats {
  return {
    policy: 'cached',
    requests: 100,
    loads: 3,
    selects: 342,
    errors: 0,
    shed: 0,
    outcomes: { hit: 97, miss: 3 },
    hit_ratio: 0.97,
    page_seconds: seconds([97, 3, 0], 0.5),
    load_seconds: seconds([0, 3, 0], 0.15),
    pool: { size: 50, open: 10, idle: 8, waiting: 0 },
    redis: {
      state: 'up',
      circuit: 'closed',
      circuit_opened: 0,
      keys: 3,
      sampled_at_ms: 1_000_000,
      uptime_seconds: 600,
      used_memory_bytes: 1_500_000,
      max_memory_bytes: 0,
      rss_bytes: 12_000_000,
      fragmentation_ratio: 8,
      connected_clients: 7,
      max_clients: 10_000,
      commands_processed: 500,
      keyspace_hits: 97,
      keyspace_misses: 3,
      hit_ratio: 0.97,
      expired_keys: 4,
      evicted_keys: 0,
      db_keys: 3,
      db_keys_with_ttl: 3,
      slowlog_length: 2,
      slowlog_logged: 2,
      connected_replicas: 0,
      replication_lag_bytes: 0,
      replication_lag_seconds: 0,
    },
    ...change,
  };
}

export function healthyMoment(time = '14:03:59'): Moment {
  return {
    time,
    stats: healthyStats(),
    rates: {
      store: {
        seconds: 1,
        requestsPerSecond: 1234,
        hitRatio: 0.973,
        p99AtMostMs: 100,
        meanPageMs: 1.25,
        loadsPerSecond: 33,
        meanLoadMs: 870,
        selectsPerSecond: 3762,
        errorsPerSecond: 0,
        shedPerSecond: 0,
      },
      redis: {
        commandsPerSecond: 1300,
        hitRatio: 1,
        evictedPerSecond: 0,
        expiredPerSecond: 0.5,
        slowPerSecond: 0,
      },
    },
  };
}
