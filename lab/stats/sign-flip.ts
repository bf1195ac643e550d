import { seededRandom } from '../seeded-random.ts';

/** Up to here all 2^n sign patterns are counted; above, 100,000 are drawn. */
const EXACT_UP_TO = 30;
const DRAWS = 100_000;

/**
 * Two-sided sign-flip (paired permutation) test of "the differences are symmetric about zero".
 *
 * If the two arms are the same, each difference could as well have had the other sign. p is the share of all sign
 * patterns whose sum is as far from zero as the observed one. Nothing is assumed of the distribution, so trials
 * spoiled by a neighbour cost power but raise no false alarm. With n differences p is at least 2 / 2^n.
 * Source: Fisher, The Design of Experiments (1935), section 21.
 * @param differences - One per round, for example log(candidate / baseline).
 * @param seed - Of the draws that stand in for all patterns above 30 differences.
 * @returns p, in (0, 1]; 1 for an empty list.
 */
export function signFlipP(differences: readonly number[], seed = 1): number {
  const scale = differences.reduce((sum, value) => sum + Math.abs(value), 0);
  if (scale === 0) return 1;
  const observed = Math.abs(differences.reduce((sum, value) => sum + value, 0));
  // Sums of the same terms in another order differ by rounding; equal ones must count as equal.
  const threshold = observed - scale * 1e-12;
  return differences.length <= EXACT_UP_TO
    ? exactP(differences, threshold)
    : drawnP(differences, threshold, seed);
}

/**
 * Counts the patterns by halves: 2 x 2^(n/2) sums instead of 2^n. For each sum `a` of the first half, the sums `b` of
 * the second with |a + b| >= threshold are found by walking the sorted list from both ends.
 */
function exactP(differences: readonly number[], threshold: number): number {
  const half = differences.length >> 1;
  const firsts = signedSums(differences.slice(0, half)).sort();
  const seconds = signedSums(differences.slice(half)).sort();
  let extreme = 0;
  let below = seconds.length; // seconds[0 .. below) have a + b <= -threshold
  let from = seconds.length; // seconds[from ..) have a + b >= threshold
  for (const a of firsts) {
    while (from > 0 && a + seconds[from - 1]! >= threshold) from -= 1;
    while (below > 0 && a + seconds[below - 1]! > -threshold) below -= 1;
    // With a threshold of about zero the two parts overlap: then every pattern is as extreme.
    extreme += Math.min(seconds.length, below + seconds.length - from);
  }
  return extreme / 2 ** differences.length;
}

/** The sums under all sign patterns, in no order. */
function signedSums(values: readonly number[]): Float64Array {
  const sums = new Float64Array(2 ** values.length);
  let filled = 1;
  for (const value of values) {
    for (let index = 0; index < filled; index += 1) {
      const sum = sums[index]!;
      sums[index] = sum + value;
      sums[filled + index] = sum - value;
    }
    filled *= 2;
  }
  return sums;
}

/** The observed pattern is one of the possible ones: hence + 1 (Phipson and Smyth, 2010), and p is never 0. */
function drawnP(differences: readonly number[], threshold: number, seed: number): number {
  const random = seededRandom(`sign-flip/${seed}`);
  let extreme = 0;
  for (let draw = 0; draw < DRAWS; draw += 1) {
    let sum = 0;
    for (const value of differences) sum += random() < 0.5 ? value : -value;
    if (Math.abs(sum) >= threshold) extreme += 1;
  }
  return (extreme + 1) / (DRAWS + 1);
}
