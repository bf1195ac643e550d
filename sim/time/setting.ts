import type { Policy } from '../policies/policy.ts';

/**
 * How long copies live and what renews them. Names and meanings are those of the server's policy; what is left out is off.
 * The simulated cache-aside differs from the server's in one point: a load takes the same time always.
 */
export interface TimeSetting {
  /** For jitter, XFetch, updates, absent objects and the order of the active expiry. */
  readonly seed: number;
  /** Life of a copy, from the start of its load; `Infinity`: it never expires. Above 0. */
  readonly ttlMs: number;
  /** Share of the ttl by which lives differ at random, 0 to 0.9: ttl × U(1 − j, 1 + j). */
  readonly jitter?: number;
  /** `sliding`: every hit begins the life anew, and it counts from the fill. Not with a freshness defence. */
  readonly renewal?: 'absolute' | 'sliding';
  /** For how long after its life a copy is still sent while one load refreshes it (RFC 5861). At least 0. */
  readonly staleWhileRevalidateMs?: number | null;
  /** Share of the life, above 0 and below 1, after which a hit starts a load behind the reader's back. */
  readonly refreshAhead?: number | null;
  /**
   * Eagerness of random early refreshes behind the reader's back, above 0 (Vattani et al., VLDB 2015). Does nothing while
   * `loadMs` is 0.
   */
  readonly xfetchBeta?: number | null;
  /** How long a load takes; its value is that of its start. At least 0. */
  readonly loadMs?: number;
  /** `process`: at most one load per object at a time, which all readers share (one process). */
  readonly coalesce?: 'none' | 'process';
  /** What does not exist: a share of the objects, drawn, or their ids. Writes do not create it. */
  readonly absent?: number | readonly number[];
  /** For how long it is kept that an object does not exist; `null`: each read of it loads. */
  readonly negativeTtlMs?: number | null;
  /** `delete`: a write deletes the copy. Loads under way may still fill the old value. */
  readonly invalidate?: 'none' | 'delete';
  /** From the commit of a write to its DEL. At least 0. */
  readonly invalidateDelayMs?: number;
  /** A DEL makes loads under way worthless for the cache, and nobody joins them any more: lease or version floor. */
  readonly fenced?: boolean;
  /** Writes per second and object beside those of the trace: a Poisson stream. */
  readonly updateRatePerSecond?: number;
  /** Who takes expired copies out of memory: only the next read of the same object, or Redis's active cycle too. */
  readonly expiry?: 'lazy' | 'active';
  /** A bounded cache: capacity in objects, or in the trace's bytes. Room is taken when a load begins. */
  readonly eviction?: {
    readonly policy: Policy;
    readonly capacity: number;
    readonly unit: 'objects' | 'bytes';
  } | null;
  /** Requests before this tick only fill the cache. */
  readonly fromTick?: number;
  /** Width of the steps in which loads are counted; default 1000. */
  readonly bucketMs?: number;
}

/** A setting in full. */
export type FullTimeSetting = Required<TimeSetting>;

/**
 * Fills in what was left out.
 * @throws RangeError that names every parameter out of its range, each with its value.
 */
export function fullTimeSetting(given: TimeSetting): FullTimeSetting {
  const setting: FullTimeSetting = {
    jitter: 0,
    renewal: 'absolute',
    staleWhileRevalidateMs: null,
    refreshAhead: null,
    xfetchBeta: null,
    loadMs: 0,
    coalesce: 'none',
    absent: 0,
    negativeTtlMs: null,
    invalidate: 'none',
    invalidateDelayMs: 0,
    fenced: false,
    updateRatePerSecond: 0,
    expiry: 'lazy',
    eviction: null,
    fromTick: 0,
    bucketMs: 1000,
    ...given,
  };
  const problems = problemsOf(setting);
  if (problems.length > 0) throw new RangeError(problems.join('; '));
  return setting;
}

function problemsOf(setting: FullTimeSetting): string[] {
  const problems: string[] = [];
  const check = (name: keyof FullTimeSetting, range: string, fits: (value: number) => boolean) => {
    const value = setting[name];
    if (typeof value === 'number' && !fits(value))
      problems.push(`${name} ${value} is out of its range: ${range}`);
  };
  check('ttlMs', 'above 0, or Infinity', (value) => value > 0);
  check('jitter', '0 to 0.9', (value) => value >= 0 && value <= 0.9);
  check('refreshAhead', 'above 0, below 1', (value) => value > 0 && value < 1);
  check('xfetchBeta', 'above 0, at most 100', (value) => value > 0 && value <= 100);
  check('absent', '0 to 1', (value) => value >= 0 && value <= 1);
  check('negativeTtlMs', 'above 0', (value) => value > 0);
  check('bucketMs', 'above 0', (value) => value > 0 && Number.isFinite(value));
  for (const name of FROM_ZERO)
    check(name, '0 or more, finite', (value) => value >= 0 && Number.isFinite(value));
  const { refreshAhead, xfetchBeta, staleWhileRevalidateMs, renewal, eviction } = setting;
  if (refreshAhead !== null && xfetchBeta !== null)
    problems.push(
      `refreshAhead ${refreshAhead} and xfetchBeta ${xfetchBeta} both refresh early: choose one`,
    );
  if (renewal === 'sliding' && (refreshAhead ?? xfetchBeta ?? staleWhileRevalidateMs) !== null)
    problems.push('renewal "sliding" renews on every hit: leave the freshness defence out');
  if (eviction !== null && !(eviction.capacity >= 1))
    problems.push(`capacity ${eviction.capacity} is out of its range: at least 1`);
  return problems;
}

const FROM_ZERO = [
  'staleWhileRevalidateMs',
  'loadMs',
  'invalidateDelayMs',
  'updateRatePerSecond',
  'fromTick',
] as const;
