import type { Analysed, Arm } from '../../lab/experiment.ts';
import type { Estimate, Findings } from '../../lab/result.ts';
import { arithmeticMean } from '../../lab/stats/mean.ts';
import { type Counted, shareOf } from '../hit-ratio/cycles.ts';
import { ALL, RANK_CLASSES, type RankClass, strataOf } from '../hit-ratio/grid.ts';
import { ARMS, type Model, modelOf } from './arms.ts';
import { PEAK } from './predict-avalanche.ts';
import { LOADS_PER_EXPIRY } from './predict-expiry.ts';
import { HIT_RATIO, STALE_SHARE } from './predict-ttl.ts';
import { predictedMean } from './predictions.ts';

/** A band whose half is wider than this share of its middle predicts too little to be held against anything. */
export const WIDEST_BAND = 0.15;

/** One quantity of one arm, simulated and measured. */
export interface Cell {
  arm: string;
  model: Model;
  quantity: string;
  /** Stands beside an outlier in a chart: the arm, and which part of it. */
  label: string;
  unit: string;
  /** Its interval is the band in which 95 of 100 trials like these lie, if the simulation is right. */
  predicted: Estimate;
  measured: Estimate;
  /** Null: the band is too wide to tell. */
  agrees: boolean | null;
  /** What the simulation was fed with. */
  fed: string;
}

/** All cells of the arms that have a valid trial. */
export function cellsOf({ arms }: Pick<Analysed, 'arms'>): Cell[] {
  return ARMS.flatMap((arm) => {
    const found = arms.find((one) => one.arm === arm.name);
    return found?.findings === undefined ? [] : cellsOfArm(arm, found.findings, found.trials.valid);
  });
}

/** @param trials - How many trials the findings are of. */
function cellsOfArm(arm: Arm, findings: Findings, trials: number): Cell[] {
  const model = modelOf(arm);
  return quantitiesOf(model, findings).flatMap(({ quantity, part, unit, measured }) => {
    const predicted = predictedMean(findings, quantity, trials);
    if (predicted === null || measured === null) return [];
    return [
      {
        ...{ arm: arm.name, model, quantity, unit, predicted, measured },
        label: part === '' ? arm.name : `${arm.name}, ${part}`,
        agrees: judge(model, predicted, measured),
        fed: findings.notes.find((note) => note.startsWith('fed with')) ?? '',
      },
    ];
  });
}

/** The largest distance of what one trial measured from what was predicted for it, as a share of the prediction. */
export function largestGap(arm: Arm, findings: Findings): number | null {
  const gaps = cellsOfArm(arm, findings, 1)
    .filter(({ agrees, predicted }) => agrees !== null && predicted.value > 0)
    .map(({ predicted, measured }) => Math.abs(measured.value / predicted.value - 1));
  return gaps.length === 0 ? null : Math.max(...gaps);
}

interface Quantity {
  quantity: string;
  part: string;
  unit: string;
  measured: Estimate | null;
}

function quantitiesOf(model: Model, { totals, samples }: Findings): Quantity[] {
  const share = (
    name: string,
    ranks: RankClass,
    counted: Counted,
    part = ranks.name.replace(/^ranks? /, ''),
  ): Quantity => ({
    quantity: `${name}, ${ranks.name}`,
    part,
    unit: '',
    measured: shareOf(totals, strataOf(ranks), counted),
  });
  const mean = (quantity: string, unit: string, sample: string): Quantity => ({
    ...{ quantity, part: '', unit },
    measured: arithmeticMean(samples[sample] ?? []),
  });
  switch (model) {
    case 'ttl':
      return [
        ...[...RANK_CLASSES, ALL].map((ranks) => share(HIT_RATIO, ranks, 'hits')),
        share(STALE_SHARE, ALL, 'stale', 'old'),
      ];
    case 'expiry':
      return [mean(LOADS_PER_EXPIRY, 'loads', 'loadsPerExpiry')];
    case 'avalanche':
      return [mean(PEAK, '/s', 'peakSelectsPerSecond')];
    default:
      return model satisfies never;
  }
}

/** A mean of whole numbers may miss its like by the last digit. */
const ROUNDING = 1e-9;

/**
 * Whether the measured figure lies in the band. A hit ratio counts, too, when the prediction lies in its interval, which
 * knows how much its few cycles vary: the band does not, because the simulation had the trial’s own requests.
 */
function judge(model: Model, predicted: Estimate, measured: Estimate): boolean | null {
  const { low, high } = predicted.interval!;
  if ((high - low) / 2 > WIDEST_BAND * predicted.value) return null;
  const inBand = measured.value >= low * (1 - ROUNDING) && measured.value <= high * (1 + ROUNDING);
  const { interval } = measured;
  const covered =
    interval !== null && interval.low <= predicted.value && predicted.value <= interval.high;
  return inBand || (model === 'ttl' && covered);
}
