import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../root.ts';
import { concerns, LIMITS } from './concerns.ts';
import { healthyMoment } from './fixtures.ts';
import type { Moment } from './table.ts';

function changed(change: {
  redis?: Partial<Moment['stats']['redis']>;
  store?: Partial<NonNullable<Moment['rates']['store']>>;
  live?: Partial<NonNullable<Moment['rates']['redis']>>;
  waiting?: number;
}): Moment {
  const moment = healthyMoment();
  Object.assign(moment.stats.redis, change.redis);
  Object.assign(moment.rates.store ?? {}, change.store);
  Object.assign(moment.rates.redis ?? {}, change.live);
  moment.stats.pool.waiting = change.waiting ?? 0;
  return moment;
}

test('a healthy store is no concern, and neither is an empty Redis whose fragmentation is 8', () => {
  expect(concerns(healthyMoment())).toEqual([]);
});

test.each<[string, Parameters<typeof changed>[0]]>([
  ['Redis gives no answer', { redis: { state: 'down', circuit: 'open' } }],
  ['hit ratio 79.9 % is below 80 %', { store: { hitRatio: 0.799 } }],
  ['1 page in 100 takes more than 200 ms', { store: { p99AtMostMs: 500 } }],
  ['0.50 pages a second are shed', { store: { shedPerSecond: 0.5 } }],
  ['4 wait for one of 50', { waiting: 4 }],
  [
    'Redis holds 91.6M of 95.4M',
    { redis: { used_memory_bytes: 96e6, max_memory_bytes: 1e8, fragmentation_ratio: 1 } },
  ],
  ['Redis evicts 3 keys', { live: { evictedPerSecond: 3 } }],
  [
    'fragmentation 1.60 is above 1.5',
    { redis: { used_memory_bytes: 2e8, fragmentation_ratio: 1.6 } },
  ],
  ['8100 of 10000 client connections', { redis: { connected_clients: 8100 } }],
  ['SLOWLOG grows', { live: { slowPerSecond: 0.25 } }],
  ['a replica was not heard for 11 s', { redis: { replication_lag_seconds: 11 } }],
])('%s is told, and nothing else', (words, change) => {
  const told = concerns(changed(change));
  expect(told).toHaveLength(1);
  expect(told[0]).toContain(words);
});

test('limits are those of the alerts', () => {
  const alerts = readFileSync(join(ROOT, 'deploy', 'prometheus', 'alerts.yml'), 'utf8');
  for (const limit of [
    `cachelab:page_hits:ratio_rate5m < ${LIMITS.hitRatio}`,
    `cachelab:page_seconds:p99_rate5m > ${LIMITS.pageSeconds}`,
    `cachelab_redis_memory_fragmentation_ratio > ${LIMITS.fragmentationRatio}`,
    `cachelab_redis_memory_used_bytes > ${LIMITS.fragmentationFromBytes / 1024 ** 2} * 1024 * 1024`,
    `(cachelab_redis_memory_max_bytes > 0) > ${LIMITS.memoryShare}`,
    `cachelab_redis_max_clients > ${LIMITS.clientsShare}`,
    `cachelab_redis_replication_lag_seconds > ${LIMITS.replicationLagSeconds}`,
  ])
    expect(alerts).toContain(limit);
});
