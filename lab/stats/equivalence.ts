import { tInterval } from './t-interval.ts';

/**
 * Differences up to 5 % are of no interest. On the log scale, so that exchanging the arms changes nothing: the zone
 * reaches from 1 / 1.05 to 1.05.
 */
export const ZONE_LOG: number = Math.log(1.05);

/**
 * Two one-sided tests at 5 %: the 90 % interval of the mean lies inside the zone.
 * Source: Schuirmann, J. Pharmacokinet. Biopharm. 15 (1987).
 * @param logRatios - One per round; fewer than 2 show nothing.
 */
export function isEquivalent(logRatios: readonly number[]): boolean {
  const interval = tInterval(logRatios, 0.9);
  return interval !== null && interval.low >= -ZONE_LOG && interval.high <= ZONE_LOG;
}
