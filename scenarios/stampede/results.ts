import { armOf } from '../../lab/claims.ts';
import type { Analysed, Arm, Measure } from '../../lab/experiment.ts';
import type { Estimate, TheoryCheck } from '../../lab/result.ts';
import { arithmeticMean } from '../../lab/stats/mean.ts';
import { medianOf } from '../../lab/stats/median.ts';
import {
  distanceFromWhole,
  loadsUnderShortLock,
  loadsWithoutDefence,
  waitForDeadHolderMs,
  xfetchLoads,
} from '../../lab/theory/stampede.ts';
import { ARMS, READERS } from './arms.ts';
import { parameter } from './hot-page.ts';

/** Values of one sample, over all valid trials of the arm; empty without any. */
export function samplesOf(analysis: Analysed, arm: string, name: string): readonly number[] {
  return armOf(analysis, arm)?.findings?.samples[name] ?? [];
}

export function totalOf(analysis: Analysed, arm: string, name: string): number {
  return armOf(analysis, arm)?.findings?.totals[name] ?? 0;
}

/** Mean over expiries. */
export function meanOf(analysis: Analysed, arm: string, name: string): Estimate | null {
  return arithmeticMean(samplesOf(analysis, arm, name));
}

/** A measure that is the mean or the median of one sample of the trial. */
export function sampled(
  sample: string,
  kind: 'mean' | 'median',
  description: Omit<Measure, 'name' | 'read'>,
): Measure {
  return {
    ...description,
    name: sample,
    read({ findings }) {
      const values = findings?.samples[sample] ?? [];
      return (kind === 'mean' ? arithmeticMean(values) : medianOf(values))?.value ?? null;
    },
  };
}

/** Share by which a mean of few expiries may miss the formula where chance of the machine enters. */
const TOLERANCE = 0.1;

interface Expected {
  formula: string;
  theory: number;
  /** Every single expiry must show the figure; else the mean is judged by its interval, or by the tolerance. */
  exact: boolean;
  note: string;
}

/** What theory says of the loads per expiry in this arm. Null: nothing, or not under these conditions. */
function expectedLoads(analysis: Analysed, arm: Arm): Expected | null {
  if (arm.parameters?.['fault'] === true) return null;
  const shape = arm.parameters?.['shape'];
  if (shape === 'dead holder') return null;
  return shape === 'open' ? expectedOpen(analysis, arm) : expectedBurst(analysis, arm);
}

function expectedBurst(analysis: Analysed, arm: Arm): Expected | null {
  const { policy, overrides, processes = 1 } = arm;
  const readers = parameter(arm, 'readers', READERS);
  const exact = true;
  if (overrides?.['lockTtlMs'] !== undefined) return expectedShortLock(analysis, arm);
  switch (policy) {
    case 'cached':
      return { formula: 'N', theory: readers, exact, note: `N = ${readers} readers at once` };
    case 'xfetch':
      return {
        ...{ formula: 'N', theory: readers, exact },
        note: 'the copy is gone: nobody was there to refresh it early',
      };
    case 'single-flight':
    case 'swr':
    case 'refresh-ahead':
      return { formula: 'P', theory: processes, exact, note: `P = ${processes} server processes` };
    default:
      return {
        ...{ formula: '1', theory: 1, exact },
        note: policy === 'lock-naive' ? 'what a lock promises; above it, the leak' : 'one for all',
      };
  }
}

function expectedShortLock(analysis: Analysed, arm: Arm): Expected | null {
  const lockTtlMs = parameter(arm, 'lockTtlMs', 0);
  const loadMs = meanOf(analysis, arm.name, 'loadMs')?.value;
  if (loadMs === undefined || distanceFromWhole(loadMs, lockTtlMs) < 0.3) return null;
  return {
    formula: 'ceil(Δ / lock TTL)',
    theory: loadsUnderShortLock(loadMs, lockTtlMs),
    exact: true,
    note: `Δ = ${Math.round(loadMs)} ms measured in this trial, lock TTL ${lockTtlMs} ms`,
  };
}

function expectedOpen(analysis: Analysed, arm: Arm): Expected | null {
  const ratePerSecond = meanOf(analysis, arm.name, 'readsPerSecond')?.value;
  const loadMs = meanOf(analysis, arm.name, 'firstLoadMs')?.value;
  if (ratePerSecond === undefined || loadMs === undefined) return null;
  const perLoad = (ratePerSecond * loadMs) / 1000;
  const measured = `λ = ${ratePerSecond.toFixed(1)}/s and Δ = ${Math.round(loadMs)} ms measured in this trial`;
  if (arm.policy === 'cached') {
    return {
      ...{ formula: '1 + λΔ', theory: loadsWithoutDefence(ratePerSecond, loadMs), exact: false },
      note: `${measured}: until the first copy is back`,
    };
  }
  if (arm.policy === 'xfetch') {
    const set = arm.overrides?.['xfetchBeta'];
    const beta = typeof set === 'number' ? set : 1;
    const limit = `limit for λβΔ >= 20: ${Math.exp(1 / beta).toFixed(2)}`;
    return {
      formula: 'e^(1/β) at this λβΔ',
      theory: xfetchLoads({ ratePerSecond, loadMs, beta }),
      exact: false,
      note: `${measured}: λβΔ = ${(perLoad * beta).toFixed(0)}; ${limit}`,
    };
  }
  const perProcess = ['swr', 'refresh-ahead', 'single-flight'].includes(arm.policy);
  return {
    formula: perProcess ? 'P' : '1',
    theory: perProcess ? (arm.processes ?? 1) : 1,
    exact: true,
    note: perProcess ? `P = ${arm.processes ?? 1} server processes` : 'one for all',
  };
}

/** Theory beside measurement, for all arms that ran. */
export function theory(analysis: Analysed): TheoryCheck[] {
  return ARMS.flatMap((arm) => {
    const values = samplesOf(analysis, arm.name, 'loadsPerExpiry');
    const measured = arithmeticMean(values);
    const expected = measured === null ? null : expectedLoads(analysis, arm);
    if (measured === null || expected === null) return deadHolder(analysis, arm);
    return [
      {
        arm: arm.name,
        quantity: 'loads per expiry',
        unit: 'loads',
        formula: expected.formula,
        theory: expected.theory,
        measured,
        agrees: expected.exact
          ? values.every((value) => value === expected.theory)
          : agrees(measured, expected.theory),
        note: expected.note,
      },
    ];
  });
}

function agrees({ value, interval }: Estimate, figure: number): boolean {
  const inside = interval !== null && interval.low <= figure && figure <= interval.high;
  return inside || Math.abs(value / figure - 1) <= TOLERANCE;
}

function deadHolder(analysis: Analysed, arm: Arm): TheoryCheck[] {
  const measured = meanOf(analysis, arm.name, 'waitMs');
  const loadMs = meanOf(analysis, arm.name, 'firstLoadMs')?.value;
  if (measured === null || loadMs === undefined) return [];
  const figure = waitForDeadHolderMs(parameter(arm, 'lockTtlMs', 0), loadMs);
  return [
    {
      arm: arm.name,
      quantity: 'wait for the page when the holder of the lock dies',
      unit: 'ms',
      formula: 'lock TTL + Δ',
      theory: figure,
      measured,
      agrees: Math.abs(measured.value / figure - 1) <= TOLERANCE,
      note: `Δ = ${Math.round(loadMs)} ms measured in this trial; readers look every 50 ms. With the story’s lock of 10 s it would be ${((10_000 + loadMs) / 1000).toFixed(1)} s`,
    },
  ];
}
