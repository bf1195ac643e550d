import type { Analysed } from '../../lab/experiment.ts';
import type { ArmAnalysis, Estimate } from '../../lab/result.ts';
import { arithmeticMean } from '../../lab/stats/mean.ts';
import { poissonInterval } from '../../lab/stats/poisson.ts';
import { type Cell, cellOf } from './arms.ts';

/** What all valid trials of one arm say together. */
export interface CellResult extends Cell {
  arm: string;
  trials: number;
  /** Trials after which another node was the primary. */
  failovers: number;
  /** Longest time without an acknowledged write, ms; mean over trials. */
  outageMs: Estimate | null;
  /** Of the shards that were not struck; null but in a cluster. */
  sparedOutageMs: Estimate | null;
  /** Acknowledged writes, and those of them that were gone at the end; `lost` in one trial with its interval. */
  acked: number;
  lost: number;
  lostPerTrial: Estimate;
  /** Lost writes that were acknowledged after the old primary was back. */
  lostAfterReturn: number;
  refusedWrites: Estimate | null;
  pages: number;
  unanswered: number;
  degraded: number;
  replicaReads: number;
  staleReplicaReads: number;
  /** From the fault to the old hit ratio, ms; null: not back in every trial. */
  hitRatioBackMs: Estimate | null;
}

/** One per arm with a valid trial, in the order of the arms. */
export function cellsOf({ arms }: Pick<Analysed, 'arms'>): CellResult[] {
  return arms.filter(({ trials }) => trials.valid > 0).map(resultOf);
}

function resultOf(arm: ArmAnalysis): CellResult {
  const { totals = {}, samples = {} } = arm.findings ?? {};
  const total = (name: string): number => totals[name] ?? 0;
  const mean = (name: string): Estimate | null => arithmeticMean(samples[name] ?? []);
  const trials = arm.trials.valid;
  const back = samples['hitRatioBackMs'] ?? [];
  return {
    ...cellOf(arm.arm),
    ...{ arm: arm.arm, trials },
    failovers: total('failovers'),
    outageMs: mean('outageMs'),
    sparedOutageMs: mean('sparedOutageMs'),
    acked: total('acked'),
    lost: total('lost'),
    lostPerTrial: lostPerTrial(samples['lostWrites'] ?? []),
    lostAfterReturn: total('lostAfterReturn'),
    refusedWrites: mean('refusedWrites'),
    pages: total('pages'),
    unanswered: total('unanswered'),
    degraded: total('degraded'),
    replicaReads: total('replicaReads'),
    staleReplicaReads: total('staleReplicaReads'),
    hitRatioBackMs: back.length < trials ? null : arithmeticMean(back),
  };
}

/** A zero in all trials has no spread to make an interval of: at most 3 in all of them together, with 95 %. */
function lostPerTrial(values: readonly number[]): Estimate {
  const n = values.length;
  const mean = arithmeticMean(values);
  if (mean === null) return { value: 0, interval: null, n };
  if (mean.value > 0) {
    const { interval } = mean;
    return {
      ...mean,
      interval: interval === null ? null : { ...interval, low: Math.max(0, interval.low) },
    };
  }
  const { high } = poissonInterval(0);
  return { value: 0, interval: { low: 0, high: high / n, level: 0.95 }, n };
}
