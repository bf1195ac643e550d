import { cheApproximation } from './analytic.ts';
import type { Popularity } from './popularity.ts';
import { tInterval } from '../../lab/stats/t-interval.ts';

/** A sample's objects: what they weigh in the whole trace is known from their popularity. */
export interface PartPopularity {
  /** Shares are of the requests of the whole trace. */
  readonly popularity: Popularity;
  /** Share of all objects. */
  readonly rate: number;
}

/**
 * What Che's approximation of LRU says of a part: equal to what it says of the whole (`rate` 1), were the part its true image. The
 * difference of the two moves the part's simulated miss ratio to where objects of the whole's popularity would have it; the error
 * of the approximation falls out as far as both share it.
 * @param capacity - In objects of the whole trace.
 */
export function modelledMissRatio({ popularity, rate }: PartPopularity, capacity: number): number {
  const slots = Math.max(1, Math.round(capacity * rate));
  return cheApproximation('lru', popularity, slots).missRatio / rate;
}

/** Half of the 95 % interval of the mean of disjoint samples. */
export function spreadOf(values: readonly number[]): number {
  const { mean, high } = tInterval(values, 0.95)!;
  return high - mean;
}
