import type { Estimate } from '../result.ts';

/**
 * Median with an interval of at least 95 % by order statistics, whatever the distribution: the k-th smallest and the k-th
 * largest value, with k as large as the binomial distribution of half allows.
 * @param values - One per repetition, in any order; below 6 there is no such interval.
 * @returns Null for an empty list.
 */
export function medianOf(values: readonly number[]): Estimate | null {
  const n = values.length;
  if (n === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const value = (sorted[Math.floor((n - 1) / 2)]! + sorted[Math.floor(n / 2)]!) / 2;
  // P(fewer than k of n fall below the median) must stay below 2.5 % on either side.
  let k = 0;
  let term = 0.5 ** n;
  let tail = term;
  while (tail <= 0.025) {
    k += 1;
    term *= (n - k + 1) / k;
    tail += term;
  }
  const interval = k === 0 ? null : { low: sorted[k - 1]!, high: sorted[n - k]!, level: 0.95 };
  return { value, interval, n };
}
