import { concerns } from './concerns.ts';
import { type Moment, tableHead, tableRow } from './table.ts';
import { age, bytes, percent, ratio, short } from './units.ts';

/** A line of the screen; `tone` is for terminals with colours and says nothing that the text does not. */
export interface Line {
  text: string;
  tone: 'plain' | 'dim' | 'bold' | 'alarm';
}

const line = (text: string, tone: Line['tone'] = 'plain'): Line => ({ text, tone });

/** All figures of one moment, a block for each of store, database and Redis. */
export function block({ stats, rates }: Moment): Line[] {
  const { redis, pool } = stats;
  const { store } = rates;
  const outcomes = Object.entries(stats.outcomes).map(([name, count]) => `${name} ${short(count)}`);
  return [
    row('store', [
      `${short(store?.requestsPerSecond)} req/s`,
      `hits ${percent(store?.hitRatio)} %`,
      `p99 <= ${short(store?.p99AtMostMs)} ms`,
      `mean ${short(store?.meanPageMs)} ms`,
      `${short(store?.errorsPerSecond)} errors/s`,
      `${short(store?.shedPerSecond)} shed/s`,
    ]),
    row('', [
      `since reset: ${short(stats.requests)} requests`,
      `hits ${percent(stats.hit_ratio)} %`,
      `${short(stats.errors)} errors`,
      `${short(stats.shed)} shed`,
    ]),
    row('', outcomes.length === 0 ? ['no reads yet'] : outcomes),
    row('database', [
      `${short(store?.loadsPerSecond)} loads/s`,
      `mean ${short(store?.meanLoadMs)} ms`,
      `${short(store?.selectsPerSecond)} SELECTs/s`,
      `pool ${pool.open - pool.idle} busy of ${pool.size}`,
      `${pool.waiting} waiting`,
    ]),
    row('', [`since reset: ${short(stats.loads)} loads`, `${short(stats.selects)} SELECTs`]),
    row('redis', [
      redis.state,
      `circuit ${redis.circuit}, opened ${short(redis.circuit_opened)} times`,
      `up for ${age(redis.uptime_seconds)}`,
      `${short(redis.keys)} keys of this store`,
      `${short(redis.db_keys)} in all, ${short(redis.db_keys_with_ttl)} with TTL`,
    ]),
    row('', [
      `memory ${bytes(redis.used_memory_bytes)} of ${redis.max_memory_bytes === 0 ? 'no limit' : bytes(redis.max_memory_bytes)}`,
      `resident ${bytes(redis.rss_bytes)}`,
      `fragmentation ${ratio(redis.fragmentation_ratio)}`,
      `${short(redis.connected_clients)} clients of ${short(redis.max_clients)}`,
    ]),
    row('', [
      `${short(rates.redis?.commandsPerSecond)} commands/s`,
      `hits ${percent(rates.redis?.hitRatio)} % (${percent(redis.hit_ratio)} % since start)`,
      `${short(rates.redis?.evictedPerSecond)} evicted/s (${short(redis.evicted_keys)})`,
      `${short(rates.redis?.expiredPerSecond)} expired/s (${short(redis.expired_keys)})`,
    ]),
    row('', [
      `slow commands ${short(redis.slowlog_length)} listed, ${short(redis.slowlog_logged)} logged`,
      `${short(redis.connected_replicas)} replicas`,
      `lag ${short(redis.replication_lag_seconds)} s, ${bytes(redis.replication_lag_bytes)}`,
    ]),
  ];
}

/**
 * The whole screen: the block, what to look at, and the latest rows, the newest last.
 * @param trouble - Why there is no new answer; null: there is one.
 * @param size - Of the terminal, in characters.
 */
export function screen(
  about: { url: string; everyText: string },
  moments: readonly Moment[],
  trouble: string | null,
  size: { columns: number; rows: number },
): Line[] {
  const latest = moments.at(-1);
  const head = [
    line(
      `cachelab top  ${about.url}  ${latest === undefined ? '' : `policy ${latest.stats.policy}  ${latest.time}  `}every ${about.everyText}, Ctrl-C ends`,
      'bold',
    ),
    line(''),
  ];
  const alarms = [
    ...(trouble === null ? [] : [`no answer: ${trouble}; trying again every ${about.everyText}`]),
    ...(latest === undefined || trouble !== null ? [] : concerns(latest)),
  ].map((text) => line(`! ${text}`, 'alarm'));
  const upper = [
    ...head,
    ...(latest === undefined ? [] : block(latest)),
    line(''),
    ...(alarms.length === 0 ? [line('all within its limits', 'dim')] : alarms),
    line(''),
    ...tableHead().map((text) => line(text, 'dim')),
  ];
  const room = Math.max(1, size.rows - upper.length - 1);
  const rows = moments.slice(-room).map((moment) => line(tableRow(moment)));
  return [...upper, ...rows]
    .slice(0, size.rows - 1)
    .map(({ text, tone }) => line(text.slice(0, size.columns), tone));
}

function row(name: string, parts: readonly string[]): Line {
  return line(`${name.padEnd(10)}${parts.join('   ')}`);
}
