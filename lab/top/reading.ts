import { z } from 'zod';
import { OUTCOMES } from '../result.ts';
import type { CacheStats } from '../server-protocol.ts';

/** One answer of a store, with the time that it came. */
export interface Reading {
  /** Milliseconds, any origin. */
  atMs: number;
  stats: CacheStats;
}

/** Longest wait for an answer, in ms. */
const TIMEOUT_MS = 2000;

const count = z.number().min(0);
const figure = count.nullable().optional();
const seconds = z.object({
  count,
  sum: count,
  bounds: z.array(z.number()),
  counts: z.array(count),
});
const schema = z.object({
  policy: z.string(),
  requests: count,
  loads: count,
  selects: count,
  errors: count,
  shed: count,
  outcomes: z.partialRecord(z.enum(OUTCOMES), count),
  hit_ratio: z.number().nullable(),
  page_seconds: seconds,
  load_seconds: seconds,
  pool: z.object({ size: count, open: count, idle: count, waiting: count }),
  redis: z.object({
    state: z.enum(['up', 'down']),
    circuit: z.enum(['closed', 'half-open', 'open', 'off']),
    circuit_opened: count,
    keys: figure,
    sampled_at_ms: count.optional(),
    uptime_seconds: figure,
    used_memory_bytes: figure,
    max_memory_bytes: figure,
    rss_bytes: figure,
    fragmentation_ratio: figure,
    connected_clients: figure,
    max_clients: figure,
    commands_processed: figure,
    keyspace_hits: figure,
    keyspace_misses: figure,
    hit_ratio: figure,
    expired_keys: figure,
    evicted_keys: figure,
    db_keys: count.optional(),
    db_keys_with_ttl: count.optional(),
    slowlog_length: figure,
    slowlog_logged: figure,
    connected_replicas: figure,
    replication_lag_bytes: count.optional(),
    replication_lag_seconds: count.optional(),
  }),
});

/**
 * Asks a store for its statistics.
 * @param baseUrl - Without a slash at its end.
 * @param stop - Gives up at once.
 * @param monotonicMs - Milliseconds, any origin.
 * @returns The answer, or why there is none, in words.
 */
export async function readStore(
  baseUrl: string,
  stop: AbortSignal,
  monotonicMs: () => number,
): Promise<Reading | string> {
  try {
    const signal = AbortSignal.any([stop, AbortSignal.timeout(TIMEOUT_MS)]);
    const response = await fetch(`${baseUrl}/cache/stats`, { signal });
    const text = await response.text();
    if (!response.ok) return `it answers ${response.status} to GET /cache/stats`;
    const stats = parse(text);
    return stats === null
      ? 'what it answers is not of a cachelab store'
      : { atMs: monotonicMs(), stats };
  } catch (error) {
    return describe(error);
  }
}

function parse(text: string): CacheStats | null {
  try {
    // Optional and undefined are one in JSON.
    return schema.parse(JSON.parse(text)) as CacheStats;
  } catch {
    return null;
  }
}

/** What fetch throws says only that it failed; the reason lies beneath. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer in ${TIMEOUT_MS / 1000} s`;
  const { cause } = error;
  const code: unknown = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ECONNREFUSED') return 'nothing listens there';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'there is no host of that name';
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message;
}
