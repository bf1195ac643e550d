import type { CacheStats } from '../server-protocol.ts';
import type { Rates } from './rates.ts';
import { bytes, NONE, percent, ratio, short } from './units.ts';

/** One moment of a store. */
export interface Moment {
  /** `14:03:59`. */
  time: string;
  stats: CacheStats;
  rates: Rates;
}

interface Column {
  group: 'store' | 'database' | 'redis';
  head: string;
  width: number;
  value: (moment: Moment) => string;
}

const TIME_WIDTH = 8;

const COLUMNS: readonly Column[] = [
  column('store', 'req/s', 6, ({ rates }) => short(rates.store?.requestsPerSecond)),
  column('store', 'hit%', 5, ({ rates }) => percent(rates.store?.hitRatio)),
  column('store', 'p99<=ms', 7, ({ rates }) => short(rates.store?.p99AtMostMs)),
  column('store', 'err/s', 5, ({ rates }) => short(rates.store?.errorsPerSecond)),
  column('store', 'shed/s', 6, ({ rates }) => short(rates.store?.shedPerSecond)),
  column('database', 'load/s', 6, ({ rates }) => short(rates.store?.loadsPerSecond)),
  column('database', 'load ms', 7, ({ rates }) => short(rates.store?.meanLoadMs)),
  column('database', 'busy', 5, ({ stats: { pool } }) => short(pool.open - pool.idle)),
  column('database', 'wait', 5, ({ stats: { pool } }) => short(pool.waiting)),
  column('redis', 'redis', 5, ({ stats: { redis } }) => redis.state),
  column('redis', 'keys', 6, ({ stats: { redis } }) => short(redis.db_keys)),
  column('redis', 'mem', 6, ({ stats: { redis } }) => bytes(redis.used_memory_bytes)),
  column('redis', 'frag', 5, ({ stats: { redis } }) => ratio(redis.fragmentation_ratio)),
  column('redis', 'conn', 5, ({ stats: { redis } }) => short(redis.connected_clients)),
  column('redis', 'ops/s', 6, ({ rates }) => short(rates.redis?.commandsPerSecond)),
  column('redis', 'hit%', 5, ({ rates }) => percent(rates.redis?.hitRatio)),
  column('redis', 'evict/s', 7, ({ rates }) => short(rates.redis?.evictedPerSecond)),
  column('redis', 'exp/s', 5, ({ rates }) => short(rates.redis?.expiredPerSecond)),
  column('redis', 'slow', 5, ({ stats: { redis } }) => short(redis.slowlog_length)),
  column('redis', 'lag s', 5, ({ stats: { redis } }) =>
    redis.connected_replicas === 0 ? NONE : short(redis.replication_lag_seconds),
  ),
];

/** Two lines that name the columns. */
export function tableHead(): [groups: string, columns: string] {
  const groups = (['store', 'database', 'redis'] as const).map((group) => {
    const widths = COLUMNS.filter((one) => one.group === group).map(({ width }) => width);
    const width = widths.reduce((sum, one) => sum + one + 1, -1);
    return ` ${group} `.padStart(Math.ceil((width + group.length + 2) / 2), '-').padEnd(width, '-');
  });
  const heads = COLUMNS.map(({ head, width }) => head.padStart(width));
  return [
    `${' '.repeat(TIME_WIDTH)} ${groups.join(' ')}`,
    `${'time'.padEnd(TIME_WIDTH)} ${heads.join(' ')}`,
  ];
}

export function tableRow(moment: Moment): string {
  const cells = COLUMNS.map(({ width, value }) => value(moment).padStart(width));
  return `${moment.time.padEnd(TIME_WIDTH)} ${cells.join(' ')}`;
}

function column(
  group: Column['group'],
  head: string,
  width: number,
  value: Column['value'],
): Column {
  return { group, head, width, value };
}
