import { concerns } from './concerns.ts';
import { type Moment, tableHead, tableRow } from './table.ts';
import { age, bytes, percent, ratio, short } from './units.ts';

/** A line of the screen; `tone` is for terminals with colours and says nothing that the text does not. */
export interface Line {
  text: string;
  tone: 'plain' | 'dim' | 'bold' | 'alarm';
}

const line = (text: string, tone: Line['tone'] = 'plain'): Line => ({ text, tone });

/** All figures of one moment, a block for each of store, database and Redis. Rates are left out while there are none. */
export function block({ stats, rates }: Moment): Line[] {
  const { redis, pool } = stats;
  const { store, redis: live } = rates;
  const outcomes = Object.entries(stats.outcomes).map(([name, count]) => `${name} ${short(count)}`);
  return [
    ...row('store', [
      ...(store === null
        ? []
        : [
            `${short(store.requestsPerSecond)} req/s`,
            `hits ${percent(store.hitRatio)} %`,
            `p99 <= ${short(store.p99AtMostMs)} ms`,
            `mean ${short(store.meanPageMs)} ms`,
            `${short(store.errorsPerSecond)} errors/s`,
            `${short(store.shedPerSecond)} shed/s`,
          ]),
    ]),
    ...row(store === null ? 'store' : '', [
      `since reset: ${short(stats.requests)} requests`,
      `hits ${percent(stats.hit_ratio)} %`,
      `${short(stats.errors)} errors`,
      `${short(stats.shed)} shed`,
    ]),
    ...row('', outcomes),
    ...row('database', [
      `pool ${pool.open - pool.idle} busy of ${pool.size}`,
      `${pool.waiting} waiting`,
      ...(store === null
        ? []
        : [
            `${short(store.loadsPerSecond)} loads/s`,
            `mean ${short(store.meanLoadMs)} ms`,
            `${short(store.selectsPerSecond)} SELECTs/s`,
          ]),
    ]),
    ...row('', [`since reset: ${short(stats.loads)} loads`, `${short(stats.selects)} SELECTs`]),
    ...row('redis', [
      redis.state,
      `circuit ${redis.circuit}, openings ${short(redis.circuit_opened)}`,
    ]),
    ...(redis.sampled_at_ms === undefined ? [] : redisBlock(redis)),
    ...(live === null
      ? []
      : row('', [
          `${short(live.commandsPerSecond)} commands/s`,
          `hits ${percent(live.hitRatio)} %`,
          `${short(live.evictedPerSecond)} evicted/s`,
          `${short(live.expiredPerSecond)} expired/s`,
          `${short(live.slowPerSecond)} slow/s`,
        ])),
  ];
}

function redisBlock(redis: Moment['stats']['redis']): Line[] {
  const limit = redis.max_memory_bytes === 0 ? 'no limit' : bytes(redis.max_memory_bytes);
  return [
    ...row('', [
      `keys ${short(redis.keys)} of this store, ${short(redis.db_keys)} in all, ${short(redis.db_keys_with_ttl)} with TTL`,
      `clients ${short(redis.connected_clients)} of ${short(redis.max_clients)}`,
    ]),
    ...row('', [
      `memory ${bytes(redis.used_memory_bytes)} of ${limit}`,
      `resident ${bytes(redis.rss_bytes)}`,
      `fragmentation ${ratio(redis.fragmentation_ratio)}`,
    ]),
    ...row('', [
      `since start, ${age(redis.uptime_seconds)} ago: hits ${percent(redis.hit_ratio)} %`,
      `${short(redis.evicted_keys)} evicted`,
      `${short(redis.expired_keys)} expired`,
    ]),
    ...row('', [
      `slow commands ${short(redis.slowlog_length)} listed, ${short(redis.slowlog_logged)} logged`,
      `replicas ${short(redis.connected_replicas)}`,
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

function row(name: string, parts: readonly string[]): Line[] {
  return parts.length === 0 ? [] : [line(`${name.padEnd(10)}${parts.join('   ')}`)];
}
