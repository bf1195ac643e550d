import jStat from 'jstat';
import type { Estimate } from '../result.ts';

/**
 * A share with its interval by Wilson's score (1927), which stays inside 0 to 1 and holds for few events.
 * A share of exactly 0 gets the bound 3 / n (the "rule of three": 0.95 = (1 - p)^n), one of exactly 1 its mirror.
 * @param events - Whole number, 0 to `n`.
 * @returns Null for n = 0.
 */
export function wilson(events: number, n: number, level = 0.95): Estimate | null {
  if (n === 0) return null;
  const share = events / n;
  const three = Math.min(1, -Math.log(1 - level) / n);
  if (events === 0) return { value: 0, interval: { low: 0, high: three, level }, n };
  if (events === n) return { value: 1, interval: { low: 1 - three, high: 1, level }, n };
  const z = jStat.normal.inv((1 + level) / 2, 0, 1);
  const shrink = 1 + (z * z) / n;
  const centre = (share + (z * z) / (2 * n)) / shrink;
  const margin = (z / shrink) * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n));
  return { value: share, interval: { low: centre - margin, high: centre + margin, level }, n };
}
