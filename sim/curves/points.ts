import type { CacheSetting, OfflinePolicy, Policy } from '../policies/policy.ts';
import type { Trace } from '../trace.ts';

/** One size of a miss-ratio curve. */
export interface CurvePoint {
  /** Objects, or bytes where the trace has sizes. */
  readonly capacity: number;
  /** Misses / requests, 0 to 1. */
  readonly missRatio: number;
}

/** A point from a sample of the objects. */
export interface EstimatedPoint extends CurvePoint {
  /** 95 % interval for what the whole trace gives, by Student's t over disjoint groups of objects. */
  readonly low: number;
  readonly high: number;
  /** Objects (bytes) that one simulated cache held. */
  readonly slots: number;
  /** Whether there are slots enough: where there are not, the figure says nothing, and the interval neither. */
  readonly usable: boolean;
}

/** How a curve is counted and drawn. */
export interface CurveOptions {
  /** Requests before this position only fill the cache. Default 0: cold misses count. */
  readonly from?: number;
  /** For policies and samples that draw. Default 1. */
  readonly seed?: number;
}

/**
 * Exact miss ratios of a policy, by one simulation of the whole trace per size.
 * @param capacities - Each at least 1, in objects, or in bytes where the trace has sizes.
 * @returns One point a capacity, in their order.
 */
export function missRatios(
  policy: Policy | OfflinePolicy,
  trace: Trace,
  capacities: readonly number[],
  { from = 0, seed = 1 }: CurveOptions = {},
): CurvePoint[] {
  requireWhole('from', from, 0, trace.ids.length);
  for (const capacity of capacities) requireWhole('capacity', capacity, 1, Number.MAX_SAFE_INTEGER);
  const requests = trace.ids.length - from;
  return capacities.map((capacity) => {
    const { objects, bytes, tickMs } = trace;
    const hits = hitsOf(policy, trace, { capacity, objects, bytes, seed, tickMs }, from);
    return { capacity, missRatio: requests === 0 ? 0 : 1 - hits / requests };
  });
}

/** Hits of one cache among the requests from position `from` on. */
export function hitsOf(
  policy: Policy | OfflinePolicy,
  { ids, ticks, nexts }: Trace,
  setting: CacheSetting,
  from: number,
): number {
  if (!('create' in policy)) return policy.hits(ids, setting, from, nexts);
  const cache = policy.create(setting);
  cache.run(ids, 0, from, ticks);
  return cache.run(ids, from, ids.length, ticks);
}

/**
 * Sizes evenly spaced by their logarithm, ends included: a curve is bent where caches are small.
 * @param count - At least 2. Sizes that round to the same whole number are listed once.
 */
export function logSpaced(smallest: number, largest: number, count: number): number[] {
  requireWhole('smallest', smallest, 1, Number.MAX_SAFE_INTEGER);
  requireWhole('largest', largest, smallest, Number.MAX_SAFE_INTEGER);
  requireWhole('count', count, 2, 10_000);
  const sizes = Array.from({ length: count }, (_, at) =>
    Math.round(smallest * (largest / smallest) ** (at / (count - 1))),
  );
  return [...new Set(sizes)];
}

/** @throws RangeError unless the value is a whole number within its range. */
export function requireWhole(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most)
    throw new RangeError(`${name} is ${value}, allowed: whole numbers from ${least} to ${most}`);
}
