import type { Moment } from './table.ts';
import { bytes, percent, ratio, short } from './units.ts';

/**
 * From where a figure is no longer healthy; the first four are the story's. The alerts of `deploy/prometheus/alerts.yml` begin
 * at the same values, and a test holds them together.
 */
export const LIMITS: Readonly<
  Record<
    | 'hitRatio'
    | 'pageSeconds'
    | 'fragmentationRatio'
    | 'fragmentationFromBytes'
    | 'memoryShare'
    | 'clientsShare'
    | 'replicationLagSeconds',
    number
  >
> = {
  hitRatio: 0.8,
  pageSeconds: 0.2,
  fragmentationRatio: 1.5,
  /** Below this much memory fragmentation is not worth a word: `active-defrag-ignore-bytes` of Redis. */
  fragmentationFromBytes: 100 * 1024 ** 2,
  memoryShare: 0.9,
  clientsShare: 0.8,
  replicationLagSeconds: 10,
};

/** What a reader should look at now, in words; none when all is well. */
export function concerns({ stats, rates }: Moment): string[] {
  const { redis, pool } = stats;
  const { store } = rates;
  const memory = redis.used_memory_bytes ?? 0;
  const limit = redis.max_memory_bytes ?? 0;
  const clients = redis.connected_clients ?? 0;
  const fragmentation = redis.fragmentation_ratio ?? 0;
  const lagSeconds = redis.replication_lag_seconds ?? 0;
  const all: [holds: boolean, words: string][] = [
    [
      redis.state === 'down',
      `Redis gives no answer (circuit ${redis.circuit}): pages come from the database`,
    ],
    [
      (store?.hitRatio ?? 1) < LIMITS.hitRatio,
      `hit ratio ${percent(store?.hitRatio)} % is below ${LIMITS.hitRatio * 100} %`,
    ],
    [
      (store?.p99AtMostMs ?? 0) > LIMITS.pageSeconds * 1000,
      `1 page in 100 takes more than ${LIMITS.pageSeconds * 1000} ms`,
    ],
    [
      (store?.shedPerSecond ?? 0) > 0,
      `${short(store?.shedPerSecond)} pages a second are shed with 503`,
    ],
    [pool.waiting > 0, `${pool.waiting} wait for one of ${pool.size} database connections`],
    [
      limit > 0 && memory > limit * LIMITS.memoryShare,
      `Redis holds ${bytes(memory)} of ${bytes(limit)}`,
    ],
    [
      (rates.redis?.evictedPerSecond ?? 0) > 0,
      `Redis evicts ${short(rates.redis?.evictedPerSecond)} keys a second`,
    ],
    [
      fragmentation > LIMITS.fragmentationRatio && memory > LIMITS.fragmentationFromBytes,
      `fragmentation ${ratio(fragmentation)} is above ${LIMITS.fragmentationRatio}`,
    ],
    [
      clients > (redis.max_clients ?? Number.POSITIVE_INFINITY) * LIMITS.clientsShare,
      `${clients} of ${redis.max_clients} client connections are taken`,
    ],
    [(rates.redis?.slowPerSecond ?? 0) > 0, 'SLOWLOG grows: a command held up all others'],
    [lagSeconds > LIMITS.replicationLagSeconds, `a replica was not heard for ${lagSeconds} s`],
  ];
  return all.filter(([holds]) => holds).map(([, words]) => words);
}
