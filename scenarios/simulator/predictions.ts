import type { Estimate, Findings } from '../../lab/result.ts';
import type { Estimate as Replicated } from '../../sim/service/replicate.ts';

/** What the simulator says of one trial, and the quantity that was measured there. */
export interface Prediction {
  quantity: string;
  /** Over runs of the simulation; null: too few runs have the figure. */
  runs: Replicated | null;
}

/** Names of sums over trials: the mean of the runs, and the square of the half-width in which one more run lies. */
const meanOf = (quantity: string): string => `predicted ${quantity}`;
const squareOf = (quantity: string): string => `predicted ${quantity}, half-width²`;

/** Writes predictions down beside what the trial found, as sums that add up over trials. */
export function addPredictions(findings: Findings, predictions: readonly Prediction[]): void {
  for (const { quantity, runs } of predictions) {
    if (runs === null) continue;
    findings.totals[meanOf(quantity)] = runs.mean;
    findings.totals[squareOf(quantity)] = runs.oneMoreHalfWidth ** 2;
  }
}

/**
 * The prediction for the mean of an arm’s trials. Its interval is the band in which 95 of 100 such means lie if the server
 * does what the simulation does.
 * @param trials - How many trials the totals are the sums of.
 */
export function predictedMean(
  { totals }: Pick<Findings, 'totals'>,
  quantity: string,
  trials: number,
): Estimate | null {
  const sum = totals[meanOf(quantity)];
  if (sum === undefined || trials === 0) return null;
  const value = sum / trials;
  const half = Math.sqrt(totals[squareOf(quantity)] ?? 0) / trials;
  return { value, interval: { low: value - half, high: value + half, level: 0.95 }, n: trials };
}
