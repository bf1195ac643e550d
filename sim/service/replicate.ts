import { tInterval } from '../../lab/stats/t-interval.ts';
import type { ServiceOutcome } from './outcome.ts';
import { simulateService } from './service.ts';
import type { ServiceSetting } from './setting.ts';

/** A figure over several runs. */
export interface Estimate {
  readonly mean: number;
  /** Of the mean's two-sided 95 % interval, by Student's t. */
  readonly halfWidth: number;
  /** The same over the mean; 0.15 is asked for. 0 where all runs agree. */
  readonly relativeHalfWidth: number;
  /** Of the 95 % interval in which one more run of the same length lies: what a single measured trial is held against. */
  readonly oneMoreHalfWidth: number;
  /** Runs that had the figure. */
  readonly runs: number;
}

type FigureName =
  | ('loadsPerExpiry' | 'p50Ms' | 'p95Ms' | 'p99Ms' | 'aroundExpiryP99Ms' | 'poolWaitMs')
  | ('failedShare' | 'peakSelectsPerSecond' | 'peakOverMean' | 'recoverySeconds');

/** What is read from each run. */
const FIGURES: Record<FigureName, (outcome: ServiceOutcome) => number | null> = {
  loadsPerExpiry: ({ loadsPerExpiry }) => loadsPerExpiry,
  p50Ms: ({ responseMs }) => responseMs?.p50 ?? null,
  p95Ms: ({ responseMs }) => responseMs?.p95 ?? null,
  p99Ms: ({ responseMs }) => responseMs?.p99 ?? null,
  aroundExpiryP99Ms: ({ aroundExpiryMs }) => aroundExpiryMs?.p99 ?? null,
  poolWaitMs: ({ poolWaitMs }) => poolWaitMs?.mean ?? null,
  failedShare: ({ requests, outcomes }) => (requests === 0 ? null : outcomes.failed / requests),
  peakSelectsPerSecond: ({ peakSelectsPerSecond }) => peakSelectsPerSecond,
  peakOverMean: ({ peakOverMean }) => peakOverMean,
  recoverySeconds: ({ recoverySeconds }) => recoverySeconds,
};

/** Each figure; null where fewer than 2 runs had it. */
export type Replicated = Readonly<Record<FigureName, Estimate | null>>;

/**
 * The same setting with other seeds: the setting's own, and those that follow it.
 * @param runs - At least 2; more until the half-widths are as narrow as the question needs.
 * @throws RangeError as `simulateService`, and for fewer runs.
 */
export function replicate(setting: ServiceSetting, runs: number): Replicated {
  if (!Number.isInteger(runs) || runs < 2)
    throw new RangeError(`runs: ${runs}; allowed: a whole number from 2, one run has no spread`);
  const outcomes = Array.from({ length: runs }, (_, run) =>
    simulateService({ ...setting, seed: setting.seed + run }),
  );
  return Object.fromEntries(
    Object.entries(FIGURES).map(([name, read]) => [
      name,
      estimateOf(outcomes.map(read).filter((value) => value !== null)),
    ]),
  ) as Replicated;
}

/** @returns Null with fewer than 2 values. */
export function estimateOf(values: readonly number[]): Estimate | null {
  const runs = values.length;
  const interval = tInterval(values, 0.95);
  if (interval === null) return null;
  const { mean, high } = interval;
  const halfWidth = high - mean;
  return {
    mean,
    halfWidth,
    relativeHalfWidth: halfWidth === 0 ? 0 : halfWidth / Math.abs(mean),
    oneMoreHalfWidth: halfWidth * Math.sqrt(runs + 1),
    runs,
  };
}
