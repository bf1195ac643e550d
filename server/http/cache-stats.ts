import type { Request, Response } from 'express';
import type { CacheStats, RedisFigures, SecondsCounts } from '../../lab/server-protocol.ts';
import type { Outcome } from '../cache/strategy.ts';
import type { Context } from '../context.ts';
import type { PhaseCounters } from '../page-stats.ts';
import type { SecondsHistogram } from '../seconds-histogram.ts';

/** Counting our own keys walks all of them, 500 for a round trip: not more than 20 of those. */
const MAX_KEYS_WALKED = 10_000;

/** `GET /cache/stats`: what the server did with page reads since the last reset, beside what Redis says of itself. */
export function serveCacheStats(
  context: Context,
): (request: Request, response: Response) => Promise<void> {
  return async (_request, response) => {
    const { stats, db, inForce, redisFigures } = context;
    const phases = Object.values(stats.phases);
    const sum = (field: 'requests' | 'loads' | 'selects' | 'errors' | 'shed'): number =>
      phases.reduce((total, phase) => total + phase[field], 0);
    const outcomes = sumOutcomes(phases);
    const { size, total, idle, waiting } = db.counters();
    const answer: CacheStats = {
      policy: inForce.policy.name,
      requests: sum('requests'),
      loads: sum('loads'),
      selects: sum('selects'),
      errors: sum('errors'),
      shed: sum('shed'),
      outcomes,
      hit_ratio: hitRatio(outcomes),
      page_seconds: secondsCounts(stats.pageSeconds),
      load_seconds: secondsCounts(stats.loadSeconds),
      pool: { size, open: total, idle, waiting },
      redis: await redisStats(context, await redisFigures()),
    };
    response.set('cache-control', 'no-store').json(answer);
  };
}

/** Redis counts for the whole server and all its users; only `keys` is ours alone. */
async function redisStats(
  { redis, keys }: Context,
  figures: RedisFigures | null,
): Promise<CacheStats['redis']> {
  const circuit = redis.circuit();
  const state = {
    state: redis.state(),
    circuit: circuit.state,
    circuit_opened: circuit.opened,
  };
  if (figures === null || state.state === 'down') return state;
  if (figures.db_keys > MAX_KEYS_WALKED) return { ...state, keys: null, ...figures };
  const counted = await redis.count(keys.families).catch(() => null);
  return counted === null ? state : { ...state, keys: counted, ...figures };
}

/** (hit + early + stale) / all reads, 0 to 1; null without reads. */
export function hitRatio(outcomes: Partial<Record<Outcome, number>>): number | null {
  const answered = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
  const served = (outcomes.hit ?? 0) + (outcomes.early ?? 0) + (outcomes.stale ?? 0);
  return answered === 0 ? null : served / answered;
}

export function sumOutcomes(phases: readonly PhaseCounters[]): Partial<Record<Outcome, number>> {
  const sum: Partial<Record<Outcome, number>> = {};
  for (const { outcomes } of phases)
    for (const outcome of Object.keys(outcomes) as Outcome[])
      sum[outcome] = (sum[outcome] ?? 0) + (outcomes[outcome] ?? 0);
  return sum;
}

function secondsCounts({ count, sumSeconds, bounds, counts }: SecondsHistogram): SecondsCounts {
  // A copy: while Redis is asked, more pages are counted.
  return { count, sum: sumSeconds, bounds, counts: [...counts] };
}
