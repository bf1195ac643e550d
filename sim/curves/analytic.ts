import type { Popularity } from './popularity.ts';

/** Policies that the approximation knows. FIFO and random eviction are one without a TTL. */
export type AnalyticPolicy = 'lru' | 'fifo' | 'random';

/** A TTL in requests of the whole stream that come within it: seconds × requests per second. */
export interface AnalyticTtl {
  /** `fixed`: counted from the fetch. `sliding`: every hit starts it anew; LRU only. */
  readonly kind: 'fixed' | 'sliding';
  readonly requests: number;
}

/** What Che's approximation says of one cache. */
export interface Analytic {
  /** Misses / requests; where the popularity is that of a sample, misses / requests of the whole trace. */
  readonly missRatio: number;
  /** Requests that an object stays without being asked for (LRU), or altogether (FIFO; random: on average). Infinity: nothing is evicted. */
  readonly characteristicRequests: number;
}

/**
 * Che's approximation: in a large cache every object stays for the same characteristic time T, which is found from Σ occupancy(T) =
 * capacity; an object's hit ratio is its occupancy, since Poisson requests see time averages. LRU: Che, Tung and Wang, Hierarchical
 * web caching systems, IEEE JSAC 2002; FIFO and random: Fricker, Robert and Roberts, A versatile and accurate approximation for LRU
 * cache performance, ITC 2012 (https://arxiv.org/abs/1202.3974).
 *
 * Holds for requests that are independent of each other (IRM), after warm-up: compare with the second half of a trace. Loops, scans
 * and drift break it. With a TTL, whichever of TTL and T comes first ends the copy (Jung, Berger and Balakrishnan, Modeling
 * TTL-based Internet caches, INFOCOM 2003; Choungmo Fofack et al., Analysis of TTL-based cache networks, VALUETOOLS 2012). Expired
 * copies take no room and loads take no time.
 * @param capacity - In objects, at least 1.
 * @throws RangeError where a parameter is out of range, or a sliding TTL is asked of FIFO or random.
 */
export function cheApproximation(
  policy: AnalyticPolicy,
  { shares, others, objects }: Popularity,
  capacity: number,
  ttl: AnalyticTtl = { kind: 'fixed', requests: Number.POSITIVE_INFINITY },
): Analytic {
  if (!(capacity >= 1)) throw new RangeError(`capacity is ${capacity}, allowed: from 1`);
  if (!(ttl.requests > 0))
    throw new RangeError(`ttl is ${ttl.requests} requests, allowed: above 0`);
  if (ttl.kind === 'sliding' && policy !== 'lru')
    throw new RangeError(`a sliding TTL is known for lru, not for ${policy}`);
  const occupancy = occupancyOf(policy, ttl);
  const filled = (time: number): number => {
    let sum = 0;
    for (let at = 0; at < shares.length; at += 1)
      sum += objects[at]! * occupancy(shares[at]!, time);
    return sum;
  };
  const time = timeThatFills(filled, capacity);
  let missRatio = 0;
  for (let at = 0; at < shares.length; at += 1)
    missRatio += objects[at]! * shares[at]! * (1 - occupancy(others[at]!, time));
  return { missRatio, characteristicRequests: time };
}

/** Hit ratio of an object whose copy lives for a fixed time in which it gets so many requests on average: one miss, then the hits. */
export function fixedTtlHitRatio(requestsPerTtl: number): number {
  return 1 - 1 / (1 + requestsPerTtl);
}

/** Hit ratio where every hit starts the TTL anew: the chance that the gap to the last request was shorter. */
export function slidingTtlHitRatio(requestsPerTtl: number): number {
  return -Math.expm1(-requestsPerTtl);
}

/** Share of time for which an object of this share is in the cache, when the characteristic time is `time`. */
function occupancyOf(
  policy: AnalyticPolicy,
  ttl: AnalyticTtl,
): (share: number, time: number) => number {
  const life = ttl.requests;
  if (policy === 'fifo') return (share, time) => fixedTtlHitRatio(share * Math.min(time, life));
  // Evictions strike at a constant rate of 1 / T.
  if (policy === 'random')
    return (share, time) =>
      fixedTtlHitRatio(
        share * (time === Number.POSITIVE_INFINITY ? life : -time * Math.expm1(-life / time)),
      );
  if (ttl.kind === 'sliding' || life === Number.POSITIVE_INFINITY)
    return (share, time) => slidingTtlHitRatio(share * Math.min(time, life));
  return (share, time) => fixedTtlHitRatio(hitsOfLife(share, time, life));
}

/**
 * Hits of one life in an LRU cache with a fixed TTL: λTTL when the TTL is the shorter; else λT while no gap can be long enough, and
 * after T the object leaves at a rate that makes the hits of an endless TTL exact: e^(λT) − 1. Exact at both ends, between them
 * close: the true rate of leaving is not quite constant.
 */
function hitsOfLife(share: number, time: number, life: number): number {
  const within = share * time;
  if (life <= time) return share * life;
  // Hits after T, were there no TTL.
  const after = within < 1e-4 ? within ** 2 / 2 : Math.expm1(within) - within;
  if (after === Number.POSITIVE_INFINITY) return share * life;
  const rate = (share * -Math.expm1(-within)) / after;
  return within + after * -Math.expm1(-rate * (life - time));
}

/** The time at which a rising, concave function reaches `capacity`; Infinity if it never does. */
function timeThatFills(filled: (time: number) => number, capacity: number): number {
  if (filled(Number.POSITIVE_INFINITY) <= capacity) return Number.POSITIVE_INFINITY;
  // No more than one object comes in with a request: the time is at least the capacity.
  let low = capacity;
  let lowGap = filled(low) - capacity;
  let high = 2 * low;
  let highGap = filled(high) - capacity;
  while (highGap < 0) {
    [low, lowGap] = [high, highGap];
    high *= 2;
    highGap = filled(high) - capacity;
  }
  // Regula falsi, Illinois form: an end that stays twice in a row counts half, or it would stay for ever.
  let moved: 'low' | 'high' | null = null;
  for (let step = 0; step < 200; step += 1) {
    const time = (low * highGap - high * lowGap) / (highGap - lowGap);
    const gap = filled(time) - capacity;
    if (Math.abs(gap) <= 1e-9 * capacity) return time;
    if (gap < 0) {
      [low, lowGap] = [time, gap];
      if (moved === 'low') highGap /= 2;
      moved = 'low';
    } else {
      [high, highGap] = [time, gap];
      if (moved === 'high') lowGap /= 2;
      moved = 'high';
    }
  }
  return high;
}
