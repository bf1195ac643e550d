import { exponential } from '../random.ts';

/** How long something takes, in ms. */
export type Distribution =
  | { readonly kind: 'fixed'; readonly ms: number }
  | { readonly kind: 'uniform'; readonly minMs: number; readonly maxMs: number }
  | { readonly kind: 'exponential'; readonly meanMs: number }
  /** `sigma` is the standard deviation of the logarithm. */
  | { readonly kind: 'lognormal'; readonly medianMs: number; readonly sigma: number }
  /** Measured times, drawn with replacement. */
  | { readonly kind: 'measured'; readonly ms: readonly number[] | Float64Array };

/**
 * @param name - Of the setting, for the error.
 * @returns One draw a call.
 * @throws RangeError for negative or unordered times, and for an empty list.
 */
export function sampler(
  distribution: Distribution,
  random: () => number,
  name: string,
): () => number {
  const atLeastZero = (ms: number): number => {
    if (Number.isFinite(ms) && ms >= 0) return ms;
    throw new RangeError(`${name}: ${ms} is no time; allowed: 0 ms or more`);
  };
  switch (distribution.kind) {
    case 'fixed': {
      const ms = atLeastZero(distribution.ms);
      return () => ms;
    }
    case 'uniform': {
      const minMs = atLeastZero(distribution.minMs);
      const widthMs = atLeastZero(distribution.maxMs) - minMs;
      if (widthMs < 0)
        throw new RangeError(
          `${name}: from ${minMs} to ${distribution.maxMs} ms is no range; the first may not be above the second`,
        );
      return () => minMs + widthMs * random();
    }
    case 'exponential': {
      const meanMs = atLeastZero(distribution.meanMs);
      return () => exponential(random, meanMs);
    }
    case 'lognormal': {
      const medianMs = atLeastZero(distribution.medianMs);
      const sigma = atLeastZero(distribution.sigma);
      return () => medianMs * Math.exp(sigma * normal(random));
    }
    case 'measured':
    default: {
      const ms = Float64Array.from(distribution.ms, atLeastZero);
      if (ms.length === 0) throw new RangeError(`${name}: 0 measured times; at least 1 is needed`);
      return () => ms[Math.floor(random() * ms.length)]!;
    }
  }
}

/** Box and Muller, one of the two. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
