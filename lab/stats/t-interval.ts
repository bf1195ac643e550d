import jStat from 'jstat';

/** Mean of a sample with its two-sided interval by Student's t. */
export interface MeanInterval {
  mean: number;
  /** Standard deviation of the sample, n - 1 in the denominator. */
  sd: number;
  low: number;
  high: number;
  n: number;
}

/**
 * Mean with its t interval.
 * @param values - At least 2; with fewer there is no spread, and null is returned.
 * @param level - Two-sided confidence, 0 to 1.
 */
export function tInterval(values: readonly number[], level: number): MeanInterval | null {
  const n = values.length;
  if (n < 2) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1));
  const margin = (tQuantile((1 + level) / 2, n - 1) * sd) / Math.sqrt(n);
  return { mean, sd, low: mean - margin, high: mean + margin, n };
}

/** jstat searches each quantile by iteration, about 13 us each, and analyses ask for the same ones again and again. */
const known = new Map<string, number>();

/** Quantile of Student's t. @param p - 0 to 1. */
export function tQuantile(p: number, degreesOfFreedom: number): number {
  const key = `${p} ${degreesOfFreedom}`;
  const value = known.get(key) ?? jStat.studentt.inv(p, degreesOfFreedom);
  known.set(key, value);
  return value;
}
