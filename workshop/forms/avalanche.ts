import type { SentenceInput } from '../contract.ts';
import { loadsPerExpiry } from './loads.ts';
import type { Setting } from './setting.ts';

/** The fullest second wherever it begins is about the highest of so many more seconds that do not overlap. */
const WHEREVER_SECONDS = 2;

/**
 * Loads in the fullest second when copies of one age end: their lives are spread evenly from T(1 - j) to T(1 + j), and
 * each is loaded at its next request, exponentially later. What the readers ask for; a database at its limit does less.
 *
 * Each of the N copies falls into the fullest second with the same probability (`fullestShare`), so their number there is
 * binomial; of all the seconds 2jT in which copies end, the highest counts. A second may begin anywhere, which is worth about
 * two seconds more (`WHEREVER_SECONDS`, by drawn avalanches). Sources: lab/theory/avalanche.ts, K / (2jT) and `highestOfWindows`.
 * @returns Median and the 2.5 % and 97.5 % quantiles, in loads per second; never more than there are reads.
 */
export function avalanchePeak(
  input: SentenceInput & { copies: number; jitter: number },
  setting: Setting,
): { median: number; low: number; high: number } {
  const { copies, jitter, ttlSeconds, readsPerSecond } = input;
  if (!setting.cached) {
    return { median: readsPerSecond, low: readsPerSecond, high: readsPerSecond };
  }
  if (copies === 0 || readsPerSecond === 0) return { median: 0, low: 0, high: 0 };
  const perCopy = readsPerSecond / copies;
  const spreadSeconds = 2 * jitter * ttlSeconds;
  const share = fullestShare(perCopy, spreadSeconds);
  const seconds = Math.floor(spreadSeconds) + WHEREVER_SECONDS;
  const loads = loadsPerExpiry({ ...input, readsPerSecond: perCopy }, setting);
  const highest = (p: number): number =>
    Math.min(readsPerSecond, loads * binomialQuantile(p ** (1 / seconds), copies, share));
  return { median: highest(0.5), low: highest(0.025), high: highest(0.975) };
}

/**
 * Share of the copies that are loaded in the fullest second. Ends come at a constant rate from 0 to W, loads follow with
 * rate λ: the loads' rate rises as 1 - e^(-λt) until W and falls from there, so the fullest second begins at the a where
 * both its ends have the same rate, 1 - e^(-λa) = e^(-λ(a + 1 - W))·(1 - e^(-λW)): a = ln(1 + e^(-λ)·(e^(λW) - 1)) / λ.
 * @param rate - λ, requests per second of one copy, above 0.
 * @param spread - W in seconds.
 */
export function fullestShare(rate: number, spread: number): number {
  if (spread < 1e-6) return -Math.expm1(-rate);
  // For λW beyond what e^x can hold the 1 beside it is nothing: a = W - 1.
  const begin =
    rate * spread > 500
      ? Math.max(0, spread - 1)
      : Math.log1p(Math.exp(-rate) * Math.expm1(rate * spread)) / rate;
  return loadedUntil(begin + 1, rate, spread) - loadedUntil(begin, rate, spread);
}

/** Share of the copies that are loaded by second t. */
function loadedUntil(t: number, rate: number, spread: number): number {
  if (t <= spread) return (t + Math.expm1(-rate * t) / rate) / spread;
  return 1 + (Math.exp(-rate * (t - spread)) * Math.expm1(-rate * spread)) / (rate * spread);
}

/** The smallest count that a binomial number stays at or below with probability p. */
function binomialQuantile(p: number, trials: number, share: number): number {
  if (share >= 1) return trials;
  const odds = Math.log(share) - Math.log1p(-share);
  // In logarithms: the first terms of many trials are too small for a number.
  let logTerm = trials * Math.log1p(-share);
  let cumulated = Math.exp(logTerm);
  let count = 0;
  while (cumulated < p && count < trials) {
    logTerm += Math.log((trials - count) / (count + 1)) + odds;
    cumulated += Math.exp(logTerm);
    count += 1;
  }
  return count;
}
