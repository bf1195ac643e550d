import jStat from 'jstat';
import type { Estimate } from '../result.ts';
import { tQuantile } from './t-interval.ts';

/** A sample by what is needed to compare it with another: of logarithms where ratios are asked for. */
export interface Sample {
  mean: number;
  /** Variance of the values, n - 1 in the denominator. */
  variance: number;
  n: number;
}

/** Null for fewer than 2 values: they have no spread. */
export function sampleOf(values: readonly number[]): Sample | null {
  const n = values.length;
  if (n < 2) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  return { mean, variance, n };
}

/** The sample of logarithms behind a geometric mean with its t interval; null where the estimate is no such mean. */
export function logSampleOf({ value, interval, n }: Estimate): Sample | null {
  if (interval === null || n < 2 || value <= 0 || interval.low <= 0) return null;
  const mean = Math.log(value);
  const half = (Math.log(interval.high) - Math.log(interval.low)) / 2;
  const middle = (Math.log(interval.high) + Math.log(interval.low)) / 2;
  if (Math.abs(middle - mean) > 1e-6 + 1e-3 * half) return null;
  const error = half / tQuantile((1 + interval.level) / 2, n - 1);
  return { mean, variance: error ** 2 * n, n };
}

/** The difference of two means of independent samples, `b - a`. */
export interface Difference {
  difference: number;
  /** Standard error. */
  error: number;
  /** After Welch and Satterthwaite; infinite where nothing varies. */
  degreesOfFreedom: number;
  /** Two-sided p of no difference. */
  p: number;
}

/**
 * Compares sums of independent samples: with one on each side it is Welch's t test, with two it compares a ratio with a
 * ratio. Source: Welch, Biometrika 34 (1947).
 * @param plus - Samples that count positively.
 * @param minus - Samples that count negatively.
 */
export function welch(plus: readonly Sample[], minus: readonly Sample[]): Difference {
  const all = [...plus, ...minus];
  const parts = all.map(({ variance, n }) => variance / n);
  const variance = parts.reduce((sum, part) => sum + part, 0);
  const below = parts.reduce((sum, part, at) => sum + part ** 2 / (all[at]!.n - 1), 0);
  const total = (samples: readonly Sample[]): number =>
    samples.reduce((sum, { mean }) => sum + mean, 0);
  const difference = total(plus) - total(minus);
  const error = Math.sqrt(variance);
  if (error === 0) {
    const p = difference === 0 ? 1 : 0;
    return { difference, error, degreesOfFreedom: Number.POSITIVE_INFINITY, p };
  }
  const degreesOfFreedom = variance ** 2 / below;
  const p = 2 * (1 - jStat.studentt.cdf(Math.abs(difference) / error, degreesOfFreedom));
  return { difference, error, degreesOfFreedom, p };
}

/** Two-sided interval of the difference. @param level - 0 to 1. */
export function differenceInterval(
  { difference, error, degreesOfFreedom }: Difference,
  level: number,
): { low: number; high: number } {
  const margin = error === 0 ? 0 : tQuantile((1 + level) / 2, degreesOfFreedom) * error;
  return { low: difference - margin, high: difference + margin };
}
