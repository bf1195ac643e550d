import type { Histogram } from './histogram.ts';

/** Fewer samples than this beyond a quantile, and it is noise: the figure is left blank. */
const SAMPLES_BEYOND = 10;

/** A quantile, or the reason why there is none. */
export interface Quantile {
  q: number;
  /** Null where fewer than 10 samples lie beyond it, or where it lies among the censored. */
  ms: number | null;
  /** It lies among arrivals that were never answered: longer than anything measured, nobody knows how long. */
  censored: boolean;
}

/**
 * A quantile of the arrivals, those without a measured answer included.
 *
 * A dropped arrival is a request that would have waited longer than all others: with `censored` of n, the quantiles
 * above 1 - censored / n are unknown, and the ones below are read at a higher rank of the measured ones.
 * @param histogram - Microseconds, as `newHistogram` makes it.
 * @param q - 0 to 1.
 * @param censored - Arrivals that were dropped or got no answer.
 */
export function quantileMs(histogram: Histogram, q: number, censored = 0): Quantile {
  const measured = histogram.totalCount;
  const arrivals = measured + censored;
  if (arrivals === 0) return { q, ms: null, censored: false };
  const rank = Math.max(1, Math.ceil(q * arrivals - 1e-9));
  if (rank > measured) return { q, ms: null, censored: true };
  if (q > 0.5 && arrivals - rank < SAMPLES_BEYOND) return { q, ms: null, censored: false };
  return { q, ms: valueAtRankMs(histogram, rank), censored: false };
}

/** A quantile of the measured samples by rank alone, for rules that must see the tail of few samples; null when empty. */
export function plainQuantileMs(histogram: Histogram, q: number): number | null {
  const n = histogram.totalCount;
  if (n === 0) return null;
  return valueAtRankMs(histogram, Math.max(1, Math.ceil(q * n - 1e-9)));
}

/** Upper edge of the cell that holds the rank: at most 0.1 % above the true value. */
function valueAtRankMs(histogram: Histogram, rank: number): number {
  // Half a rank less: the library rounds up, and rounding errors must not push it one further.
  return histogram.getValueAtPercentile((100 * (rank - 0.5)) / histogram.totalCount) / 1000;
}

/**
 * The distribution for drawing: denser towards the tail, cut where fewer than 10 samples lie beyond or where the
 * censored begin.
 * @returns Points with rising `q` from 0.01 and rising `ms`; empty for an empty histogram.
 */
export function latencyCurve(histogram: Histogram, censored = 0): { q: number; ms: number }[] {
  const curve: { q: number; ms: number }[] = [];
  for (const q of CURVE_QUANTILES) {
    const { ms } = quantileMs(histogram, q, censored);
    if (ms === null) break;
    curve.push({ q, ms });
  }
  return curve;
}

/** 1 % steps up to 90 %, then each next nine in 18 steps: 0.9, 0.905 … 0.99, 0.9905 … 0.99999. */
const CURVE_QUANTILES: readonly number[] = [
  ...Array.from({ length: 89 }, (_, step) => (step + 1) / 100),
  ...[0.1, 0.01, 0.001, 0.0001].flatMap((beyond) =>
    Array.from({ length: 18 }, (_, step) => round(1 - beyond * (1 - step * 0.05))),
  ),
];

function round(q: number): number {
  return Number(q.toFixed(8));
}
