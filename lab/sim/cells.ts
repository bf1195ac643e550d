import { hitsOf } from '../../sim/curves/points.ts';
import type { OfflinePolicy, Policy } from '../../sim/policies/policy.ts';
import { BELADY, POLICIES, policyNamed } from '../../sim/policies/registry.ts';
import { watched } from '../../sim/recommend/watched.ts';
import { REDIS_POLICIES, redisPolicy } from '../../sim/redis/redis.ts';
import type { TimeSetting } from '../../sim/time/setting.ts';
import type { TimeOutcome } from '../../sim/time/outcome.ts';
import { simulateTime } from '../../sim/time/simulate.ts';
import type { Trace } from '../../sim/trace.ts';

/** Every name that `--policies` takes: policies, Redis as it is, and the bound. */
export const POLICY_NAMES: readonly string[] = [
  ...POLICIES.map(({ name }) => name),
  ...REDIS_POLICIES.map(({ name }) => name),
  BELADY.name,
];

/** A cache by the name of its policy: unlike the policy itself, it can be sent to a worker. */
export interface NamedCache {
  policy: string;
  capacity: number;
  unit: 'objects' | 'bytes';
  /** Lives of the copies, evenly spread between the two, whole ms: what `redis-volatile-ttl` goes by. Default: all alike. */
  livesMs?: { from: number; to: number };
}

/** One question of a sweep. */
export type Cell =
  | {
      kind: 'hits';
      cache: NamedCache;
      seed: number;
      /** Requests that only fill the cache; the others are counted. */
      warmRequests: number;
    }
  | {
      kind: 'time';
      setting: Omit<TimeSetting, 'eviction'>;
      cache: NamedCache | null;
      /** Leaves the series of loads out: a step a second is too much for a grid of hundreds. */
      withoutSeries?: boolean;
    };

/** What a cell found. */
export type CellResult =
  | { kind: 'hits'; requests: number; hits: number }
  | {
      kind: 'time';
      outcome: TimeOutcome;
      /** The most that a cache held at any moment, in its unit; `null`: memory had no end. */
      mostUsed: number | null;
    };

/** Runs one cell. Pure: the same trace and cell give the same result on any thread. */
export function runCell(trace: Trace, cell: Cell): CellResult {
  if (cell.kind === 'time') {
    const { setting, cache, withoutSeries = false } = cell;
    const watch = cache === null ? null : watched(livingPolicy(cache));
    const eviction = cache === null || watch === null ? null : { ...cache, policy: watch.policy };
    const outcome = simulateTime(trace, { ...setting, eviction });
    return {
      kind: 'time',
      outcome: withoutSeries ? withoutBuckets(outcome) : outcome,
      mostUsed: watch?.mostUsed() ?? null,
    };
  }
  const { cache, seed, warmRequests } = cell;
  const { ids, objects, tickMs } = trace;
  const bytes = cache.unit === 'bytes' ? trace.bytes : null;
  const from = Math.min(warmRequests, ids.length);
  const setting = { capacity: cache.capacity, objects, bytes, seed, tickMs };
  return {
    kind: 'hits',
    requests: ids.length - from,
    hits: hitsOf(anyPolicy(cache.policy), trace, setting, from),
  };
}

function withoutBuckets(outcome: TimeOutcome): TimeOutcome {
  return {
    ...outcome,
    loadsPerSecond: { ...outcome.loadsPerSecond, buckets: new Uint32Array(0) },
  };
}

/** The policy of a cache whose copies have lives. */
function livingPolicy({ policy, livesMs }: NamedCache): Policy {
  return policy === 'redis-volatile-ttl' && livesMs !== undefined
    ? redisPolicy('volatile-ttl', { ttlFromMs: livesMs.from, ttlToMs: livesMs.to })
    : onlinePolicy(policy);
}

/** A policy or a bound by its name. */
function anyPolicy(name: string): Policy | OfflinePolicy {
  return name === BELADY.name ? BELADY : onlinePolicy(name);
}

/** @throws RangeError for a name that is no online policy. */
export function onlinePolicy(name: string): Policy {
  const policy = policyNamed(name) ?? REDIS_POLICIES.find((one) => one.name === name);
  if (policy === undefined) throw new RangeError(`policy ${name} cannot be simulated here`);
  return policy;
}
