import type { Comparison, Estimate, MeasureDescription, VerdictWord } from '../result.ts';
import { ZONE_LOG, isEquivalent } from './equivalence.ts';
import { geometricMean } from './mean.ts';
import { signFlipP } from './sign-flip.ts';
import { tInterval, tQuantile } from './t-interval.ts';

/** With fewer pairs the sign-flip test cannot reach 0.05 (5 pairs: 2 / 2^5 = 0.0625), and no p is given. */
const PAIRS_FOR_P = 6;
/** Verdict words need this many rounds. */
export const ROUNDS_FOR_A_VERDICT = 12;
const ALPHA = 0.05;
const POWER = 0.8;
/** More rounds than this is as good as never. */
const ROUNDS_AT_MOST = 1000;

/** One measure of two arms in the same round. */
export interface Pair {
  baseline: number;
  candidate: number;
}

/** Two arms compared round by round, before any word is put to it. */
export interface PairedComparison {
  rounds: number;
  /** candidate / baseline with its 95 % t interval; null without pairs, or when a value is not positive. */
  ratio: Estimate | null;
  /** Sign-flip test; null with fewer than 6 pairs. */
  p: number | null;
  /** Smallest true ratio (> 1) that this many rounds find with 80 % power, by the spread seen; null with fewer than 6. */
  smallestFindableRatio: number | null;
  logRatios: readonly number[];
}

/**
 * Compares two arms by the logarithms of their ratios: the trial is the sample, and what both arms of a round share
 * (a busy minute, a warmer machine) falls out.
 * @param pairs - One per round in which both arms have a valid trial, in any order.
 */
export function comparePairs(pairs: readonly Pair[]): PairedComparison {
  const rounds = pairs.length;
  const unusable = pairs.some(({ baseline, candidate }) => baseline <= 0 || candidate <= 0);
  if (rounds === 0 || unusable) {
    return { rounds, ratio: null, p: null, smallestFindableRatio: null, logRatios: [] };
  }
  const ratios = pairs.map(({ baseline, candidate }) => candidate / baseline);
  const logRatios = ratios.map(Math.log);
  const enough = rounds >= PAIRS_FOR_P;
  return {
    rounds,
    ratio: geometricMean(ratios),
    p: enough ? signFlipP(logRatios) : null,
    smallestFindableRatio: enough ? smallestFindable(logRatios) : null,
    logRatios,
  };
}

/**
 * Puts the word to a comparison. `faster`, `slower`, `lower`, `higher` need p <= 0.05 after Holm and a 95 % interval
 * that is clear of the zone of +-5 %; `equivalent` needs a 90 % interval inside it.
 * @param options.pHolm - The p adjusted within the experiment's family; null where there is none.
 */
export function decide(
  compared: PairedComparison,
  options: { rank: Comparison['rank']; measure: MeasureDescription; pHolm: number | null },
): Pick<Comparison, 'found' | 'verdict' | 'roundsNeeded'> {
  const { rank, measure, pHolm } = options;
  const found = rank === 'primary' && compared.p !== null ? compared.p <= ALPHA : null;
  const judged = rank === 'primary' || rank === 'family';
  const interval = compared.ratio?.interval;
  if (!judged || !interval || compared.rounds < ROUNDS_FOR_A_VERDICT) {
    return { found, verdict: 'no verdict', roundsNeeded: null };
  }
  const significant = pHolm !== null && pHolm <= ALPHA;
  const settled = { found, roundsNeeded: null };
  if (significant && Math.log(interval.high) < -ZONE_LOG) {
    return { ...settled, verdict: word('lower', measure) };
  }
  if (significant && Math.log(interval.low) > ZONE_LOG) {
    return { ...settled, verdict: word('higher', measure) };
  }
  if (isEquivalent(compared.logRatios)) return { ...settled, verdict: 'equivalent' };
  return { found, verdict: 'inconclusive', roundsNeeded: roundsNeeded(compared.logRatios) };
}

/** Durations are faster or slower, everything else is lower or higher. */
function word(direction: 'lower' | 'higher', { unit }: MeasureDescription): VerdictWord {
  if (unit !== 'ms' && unit !== 's') return direction;
  return direction === 'lower' ? 'faster' : 'slower';
}

/** The effect whose estimate is beyond the two-sided 5 % limit in 80 % of repetitions. */
function smallestFindable(logRatios: readonly number[]): number | null {
  const interval = tInterval(logRatios, 0.95);
  return interval && Math.exp(reach(interval.sd, interval.n, 1 - ALPHA / 2));
}

/** Distance from a limit at which a true mean is told from it with 80 % power. */
function reach(sd: number, n: number, confidence: number): number {
  return ((tQuantile(confidence, n - 1) + tQuantile(POWER, n - 1)) * sd) / Math.sqrt(n);
}

/**
 * Rounds after which a word could be given with 80 % power, if effect and spread are what they seem: until the interval
 * clears the zone, or, for an effect inside the zone, fits into it.
 * @returns Null above 1,000: the effect lies too near the zone's edge for any affordable number.
 */
function roundsNeeded(logRatios: readonly number[]): number | null {
  const interval = tInterval(logRatios, 0.95);
  if (interval === null) return null;
  const beyond = Math.abs(interval.mean) - ZONE_LOG;
  const confidence = beyond > 0 ? 1 - ALPHA / 2 : 1 - ALPHA;
  for (let n = interval.n + 1; n <= ROUNDS_AT_MOST; n += 1) {
    if (reach(interval.sd, n, confidence) <= Math.abs(beyond)) return n;
  }
  return null;
}
