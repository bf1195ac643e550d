import type { Policy } from '../policies/policy.ts';
import { type Eviction, RedisCache, type RedisSetting } from './cache.ts';

/** Every value of `maxmemory-policy` that Redis 7 knows. */
const MAXMEMORY_POLICIES = [
  'noeviction',
  'allkeys-lru',
  'allkeys-lfu',
  'allkeys-random',
  'volatile-lru',
  'volatile-lfu',
  'volatile-random',
  'volatile-ttl',
] as const;
export type MaxmemoryPolicy = (typeof MAXMEMORY_POLICIES)[number];

const EVICTIONS: Record<MaxmemoryPolicy, Eviction> = {
  noeviction: { by: 'none', volatile: false },
  'allkeys-lru': { by: 'lru', volatile: false },
  'allkeys-lfu': { by: 'lfu', volatile: false },
  'allkeys-random': { by: 'random', volatile: false },
  'volatile-lru': { by: 'lru', volatile: true },
  'volatile-lfu': { by: 'lfu', volatile: true },
  'volatile-random': { by: 'random', volatile: true },
  'volatile-ttl': { by: 'ttl', volatile: true },
};

const DEFAULTS: RedisSetting = {
  samples: 5,
  lfuLogFactor: 10,
  lfuDecayMinutes: 1,
  volatileShare: 1,
  ttlFromMs: 86_400_000,
  ttlToMs: 86_400_000,
  ttlPer: 'fill',
  startMs: 0,
  bytesPerKey: 600,
};

const POOLED = 'neighbouring buckets sampled into a pool of 16 whose scores are never refreshed';
const VARIANTS: Record<Eviction['by'], string> = {
  none: 'new keys are refused when it is full, reads go on',
  lru: `${POOLED}; idle time by a clock of whole seconds`,
  lfu: `${POOLED}; logarithmic counter of 8 bits that loses 1 a decay time`,
  random: 'a random bucket that is not empty, then a key of its chain',
  ttl: `${POOLED}; the nearest expiry goes first`,
};

/**
 * Redis under one `maxmemory-policy`.
 * @param options - What differs from Redis's defaults; one TTL of a day for every object.
 * @throws RangeError for a value that Redis would not take.
 */
export function redisPolicy(policy: MaxmemoryPolicy, options: Partial<RedisSetting> = {}): Policy {
  const setting: RedisSetting = { ...DEFAULTS, ...options };
  requireRange('samples', setting.samples, 1, 64);
  requireRange('lfuLogFactor', setting.lfuLogFactor, 0, 2 ** 31);
  requireRange('lfuDecayMinutes', setting.lfuDecayMinutes, 0, 2 ** 31);
  requireRange('ttlFromMs', setting.ttlFromMs, 1, setting.ttlToMs);
  if (!(setting.volatileShare >= 0 && setting.volatileShare <= 1))
    throw new RangeError(`volatileShare is ${setting.volatileShare}, allowed is 0 to 1`);
  const eviction = EVICTIONS[policy];
  const sampled = eviction.by !== 'none' && eviction.by !== 'random';
  const suffix =
    sampled && setting.samples !== DEFAULTS.samples ? `-samples-${setting.samples}` : '';
  return {
    name: `redis-${policy}${suffix}`,
    title: `Redis ${policy}${sampled ? `, ${setting.samples} samples` : ''}`,
    source: {
      title: 'Redis documentation, Key eviction',
      url: 'https://redis.io/docs/latest/develop/reference/eviction/',
    },
    variant: `Redis 7.0: ${VARIANTS[eviction.by]}`,
    create: (cache) => new RedisCache(eviction, setting, cache),
  };
}

function requireRange(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RangeError(`${name} is ${value}, allowed are whole numbers from ${least} to ${most}`);
}

/** Redis under each of its policies, with its own defaults. */
export const REDIS_POLICIES: readonly Policy[] = MAXMEMORY_POLICIES.map((policy) =>
  redisPolicy(policy),
);
