/**
 * What a policy of the server does to a read, in the words of its settings (`PUT /lab/policy`). What only writes and faults
 * of Redis show (invalidation, fences, L1, Bloom filter) is not modelled.
 */
export interface ServicePolicy {
  readonly store: 'none' | 'redis';
  readonly ttlMs: number;
  /** Share of the TTL by which lives differ, up and down. */
  readonly jitter: number;
  readonly coalesce: 'none' | 'process';
  readonly gate: 'none' | 'lock-naive' | 'lock' | 'lease';
  readonly lockTtlMs: number;
  readonly lockPollMs: number;
  /** Null: no end. */
  readonly lockWaitMs: number | null;
  readonly onLockTimeout: 'load' | 'stale' | 'fail';
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  readonly retryAfterErrorMs: number;
  /** Share of the TTL after which a hit refreshes. */
  readonly refreshAhead: number | null;
  readonly xfetchBeta: number | null;
}

/** The server's fallbacks, and `cached`. */
const CACHED: ServicePolicy = {
  store: 'redis',
  ttlMs: 3_600_000,
  jitter: 0,
  coalesce: 'none',
  gate: 'none',
  lockTtlMs: 10_000,
  lockPollMs: 50,
  lockWaitMs: null,
  onLockTimeout: 'load',
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: 0,
  retryAfterErrorMs: 1000,
  refreshAhead: null,
  xfetchBeta: null,
};

/** By the names of `server/cache/presets.ts`, whose settings they repeat: one vocabulary. */
const SERVICE_PRESETS: Readonly<Record<string, ServicePolicy>> = {
  uncached: { ...CACHED, store: 'none' },
  cached: CACHED,
  jitter: { ...CACHED, jitter: 0.1 },
  'lock-naive': { ...CACHED, gate: 'lock-naive' },
  lock: { ...CACHED, gate: 'lock', lockWaitMs: 15_000 },
  'single-flight': { ...CACHED, coalesce: 'process' },
  'lock+single-flight': { ...CACHED, coalesce: 'process', gate: 'lock', lockWaitMs: 15_000 },
  lease: { ...CACHED, gate: 'lease', lockWaitMs: 5000 },
  swr: { ...CACHED, jitter: 0.1, staleWhileRevalidateMs: 60_000, coalesce: 'process' },
  'refresh-ahead': { ...CACHED, jitter: 0.1, refreshAhead: 0.8, coalesce: 'process' },
  xfetch: { ...CACHED, jitter: 0.1, xfetchBeta: 1 },
  hardened: {
    ...CACHED,
    jitter: 0.1,
    coalesce: 'process',
    gate: 'lease',
    lockWaitMs: 1500,
    onLockTimeout: 'stale',
    refreshAhead: 0.9,
    staleWhileRevalidateMs: 60_000,
    staleIfErrorMs: 600_000,
  },
};

/** Presets that the service model knows. */
export const SERVICE_PRESET_NAMES: readonly string[] = Object.keys(SERVICE_PRESETS);

/**
 * @param overrides - Settings that differ from the preset's.
 * @throws RangeError for a preset or a setting that is not modelled, with those that are, and for values out of range.
 */
export function servicePolicy(
  preset: string,
  overrides: Partial<ServicePolicy> = {},
): ServicePolicy {
  const base = Object.hasOwn(SERVICE_PRESETS, preset) ? SERVICE_PRESETS[preset] : undefined;
  if (base === undefined)
    throw new RangeError(
      `preset "${preset}" is not modelled; modelled are ${SERVICE_PRESET_NAMES.join(', ')}`,
    );
  const unknown = Object.keys(overrides).find((name) => !Object.hasOwn(CACHED, name));
  if (unknown !== undefined)
    throw new RangeError(
      `setting "${unknown}" is not modelled; modelled are ${Object.keys(CACHED).join(', ')}`,
    );
  const policy = { ...base, ...overrides };
  within('ttlMs', policy.ttlMs, 1, Number.MAX_SAFE_INTEGER);
  within('jitter', policy.jitter, 0, 1);
  within('lockTtlMs', policy.lockTtlMs, 1, 600_000);
  within('lockPollMs', policy.lockPollMs, 1, 10_000);
  within('lockWaitMs', policy.lockWaitMs ?? 0, 0, 600_000);
  within('staleWhileRevalidateMs', policy.staleWhileRevalidateMs, 0, Number.MAX_SAFE_INTEGER);
  within('staleIfErrorMs', policy.staleIfErrorMs, 0, Number.MAX_SAFE_INTEGER);
  within('retryAfterErrorMs', policy.retryAfterErrorMs, 0, 600_000);
  within('refreshAhead', policy.refreshAhead ?? 1, 0.1, 1);
  within('xfetchBeta', policy.xfetchBeta ?? 1, 1e-6, 100);
  return policy;
}

function within(name: string, value: number, low: number, high: number): void {
  if (!(value >= low && value <= high))
    throw new RangeError(`${name}: ${value}; allowed: ${low} to ${high}`);
}
