import type { RedisFigures } from '../../lab/server-protocol.ts';
import type { GuardedRedis } from '../redis.ts';

/**
 * Redis is asked at most so often, however many scrape: INFO and SLOWLOG cost it about 0.1 ms. A little less than the second
 * at which monitors ask, so that each of their readings has new figures.
 */
const EVERY_MS = 900;

/** Longest wait for the figures: a client without a timeout of its own may wait for minutes, and a scrape must not. */
const MAX_WAIT_MS = 1000;

/** Where Redis's answers come from: `GuardedRedis`, or a test's. */
type Source = Pick<GuardedRedis, 'reports'>;

/**
 * Redis's counters as it tells them, kept for 0.9 s; of a cluster those of all primaries as one.
 * @param monotonicMs - Milliseconds, any origin.
 * @param wallMs - Milliseconds since the Unix epoch.
 * @param maxWaitMs - Then there is no answer.
 * @returns A reader; it gives null while Redis gives no answer, and never throws.
 */
export function createRedisReader(
  redis: Source,
  monotonicMs: () => number,
  wallMs: () => number,
  maxWaitMs: number = MAX_WAIT_MS,
): () => Promise<RedisFigures | null> {
  let askedMs = Number.NEGATIVE_INFINITY;
  let figures: Promise<RedisFigures | null> = Promise.resolve(null);
  // By process: a list that was emptied no longer tells how many there were, but they were logged all the same.
  let logged = new Map<string, number>();

  async function ask(): Promise<RedisFigures | null> {
    try {
      const reports = await redis.reports();
      const nodes = reports.map(({ info, slowlog }) => {
        const run = info['run_id'] ?? '';
        const known = slowlog?.logged ?? logged.get(run) ?? 0;
        return {
          run,
          known,
          figures: readFigures(info, slowlog && { ...slowlog, logged: known }, wallMs()),
        };
      });
      logged = new Map(nodes.map(({ run, known }) => [run, known]));
      return combined(nodes.map((node) => node.figures));
    } catch {
      return null;
    }
  }
  return () => {
    if (monotonicMs() - askedMs >= EVERY_MS) {
      askedMs = monotonicMs();
      const late = new Promise<null>((resolve) => {
        setTimeout(resolve, maxWaitMs, null).unref();
      });
      figures = Promise.race([ask(), late]);
    }
    return figures;
  };
}

type Rule = (values: readonly number[]) => number;
const sum: Rule = (values) => values.reduce((total, value) => total + value, 0);
const largest: Rule = (values) => Math.max(...values);

/** How the figures of a cluster's primaries become one: the youngest process, the worst fragmentation and lag, else the sum. */
const TOGETHER: Readonly<Record<keyof RedisFigures, Rule>> = {
  sampled_at_ms: largest,
  uptime_seconds: (values) => Math.min(...values),
  used_memory_bytes: sum,
  max_memory_bytes: (values) => (values.includes(0) ? 0 : sum(values)), // 0: no limit
  rss_bytes: sum,
  fragmentation_ratio: largest,
  connected_clients: sum,
  max_clients: sum,
  commands_processed: sum,
  keyspace_hits: sum,
  keyspace_misses: sum,
  hit_ratio: largest, // of all lookups: below
  expired_keys: sum,
  evicted_keys: sum,
  db_keys: sum,
  db_keys_with_ttl: sum,
  slowlog_length: sum,
  slowlog_logged: sum,
  connected_replicas: sum,
  replication_lag_bytes: largest,
  replication_lag_seconds: largest,
};

/** @returns Null without a node; a figure is null that none of them tells. */
export function combined(nodes: readonly RedisFigures[]): RedisFigures | null {
  const [only] = nodes;
  if (nodes.length < 2) return only ?? null;
  const told = Object.entries(TOGETHER).map(([name, rule]) => {
    const values = nodes.flatMap((node) => node[name as keyof RedisFigures] ?? []);
    return [name, values.length === 0 ? null : rule(values)];
  });
  const all = Object.fromEntries(told) as RedisFigures;
  return { ...all, hit_ratio: hitRatio(all.keyspace_hits, all.keyspace_misses) };
}

function hitRatio(hits: number | null, misses: number | null): number | null {
  const lookups = (hits ?? 0) + (misses ?? 0);
  return hits === null || lookups === 0 ? null : hits / lookups;
}

/** @param info - All sections of INFO, flat. */
export function readFigures(
  info: Record<string, string>,
  slowlog: { length: number; logged: number } | null,
  sampledAtMs: number,
): RedisFigures {
  const figure = (name: string): number | null => {
    const value = Number.parseFloat(info[name] ?? '');
    return Number.isFinite(value) ? value : null;
  };
  const [hits, misses] = [figure('keyspace_hits'), figure('keyspace_misses')];
  const databases = listed(info, /^db\d+$/);
  const keysOf = (name: string): number => sum(databases.map((db) => db[name] ?? 0));
  return {
    sampled_at_ms: sampledAtMs,
    uptime_seconds: figure('uptime_in_seconds'),
    used_memory_bytes: figure('used_memory'),
    max_memory_bytes: figure('maxmemory'),
    rss_bytes: figure('used_memory_rss'),
    fragmentation_ratio: figure('mem_fragmentation_ratio'),
    connected_clients: figure('connected_clients'),
    max_clients: figure('maxclients'),
    commands_processed: figure('total_commands_processed'),
    keyspace_hits: hits,
    keyspace_misses: misses,
    hit_ratio: hitRatio(hits, misses),
    expired_keys: figure('expired_keys'),
    evicted_keys: figure('evicted_keys'),
    db_keys: keysOf('keys'),
    db_keys_with_ttl: keysOf('expires'),
    slowlog_length: slowlog?.length ?? null,
    slowlog_logged: slowlog?.logged ?? null,
    connected_replicas: figure('connected_slaves'),
    ...replicationLag(info),
  };
}

/**
 * A primary knows how far each replica has acknowledged, and since when it has heard nothing. A replica knows only how
 * long its primary has been silent, and what it has received but not yet applied.
 */
function replicationLag(
  info: Record<string, string>,
): Pick<RedisFigures, 'replication_lag_bytes' | 'replication_lag_seconds'> {
  const number = (name: string): number => Math.max(0, Number(info[name] ?? 0));
  if (info['role'] === 'slave') {
    const silent =
      info['master_link_status'] === 'up'
        ? number('master_last_io_seconds_ago')
        : number('master_link_down_since_seconds');
    const unapplied = number('slave_read_repl_offset') - number('slave_repl_offset');
    return { replication_lag_bytes: Math.max(0, unapplied), replication_lag_seconds: silent };
  }
  const replicas = listed(info, /^slave\d+$/);
  const written = number('master_repl_offset');
  const behind = replicas.map(({ offset = 0 }) => Math.max(0, written - offset));
  const silent = replicas.map(({ lag = 0 }) => Math.max(0, lag));
  return {
    replication_lag_bytes: Math.max(0, ...behind),
    replication_lag_seconds: Math.max(0, ...silent),
  };
}

/** Lines such as `db0:keys=3,expires=1` or `slave0:ip=…,offset=42,lag=1`, by their numbers. */
function listed(info: Record<string, string>, names: RegExp): Record<string, number>[] {
  return Object.entries(info)
    .filter(([name]) => names.test(name))
    .map(([, text]) =>
      Object.fromEntries(
        text.split(',').map((pair) => {
          const [name = '', value = ''] = pair.split('=');
          return [name, Number(value)];
        }),
      ),
    );
}
