import type { Request, Response } from 'express';
import type { Context } from '../context.ts';
import type { PhaseCounters } from '../page-stats.ts';

/** `GET /cache/stats`: what the server did with page reads since the last reset, beside what Redis says of itself. */
export function serveCacheStats(
  context: Context,
): (request: Request, response: Response) => Promise<void> {
  return async (_request, response) => {
    const { stats, redis, keys, inForce } = context;
    const phases = Object.values(stats.phases);
    const outcomes = sumOutcomes(phases);
    const answered = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
    const served = (outcomes['hit'] ?? 0) + (outcomes['early'] ?? 0) + (outcomes['stale'] ?? 0);
    response.json({
      policy: inForce.policy.name,
      requests: phases.reduce((sum, phase) => sum + phase.requests, 0),
      loads: phases.reduce((sum, phase) => sum + phase.loads, 0),
      outcomes,
      /** (hit + early + stale) / all reads, 0 to 1. */
      hit_ratio: answered === 0 ? null : served / answered,
      redis: await redisStats(redis, keys.families),
    });
  };
}

/** Redis counts for the whole server and all its users; only `keys` is ours alone. */
async function redisStats(
  redis: Context['redis'],
  families: readonly string[],
): Promise<Record<string, unknown>> {
  try {
    const [info, keys] = await Promise.all([redis.info(), redis.count(families)]);
    const hits = Number(info['keyspace_hits']);
    const misses = Number(info['keyspace_misses']);
    return {
      state: redis.state(),
      keys,
      keyspace_hits: hits,
      keyspace_misses: misses,
      hit_ratio: hits + misses === 0 ? null : hits / (hits + misses),
      expired_keys: Number(info['expired_keys']),
      evicted_keys: Number(info['evicted_keys']),
      used_memory_bytes: Number(info['used_memory']),
    };
  } catch {
    return { state: 'down' };
  }
}

export function sumOutcomes(phases: readonly PhaseCounters[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const { outcomes } of phases)
    for (const [outcome, count] of Object.entries(outcomes))
      sum[outcome] = (sum[outcome] ?? 0) + count;
  return sum;
}
