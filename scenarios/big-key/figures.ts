import type { Analysed } from '../../lab/experiment.ts';
import type { ArmAnalysis, Estimate } from '../../lab/result.ts';
import { geometricMean } from '../../lab/stats/mean.ts';
import { medianOf } from '../../lab/stats/median.ts';
import { type ArmName, OPERATIONS, SLOW_MS } from './plan.ts';

/** What is known of one operation, over all valid trials. */
export interface Figures {
  arm: ArmName;
  name: string;
  title: string;
  /** Longest wait of a small read beside one doing: median over the doings. */
  felt: Estimate;
  /** Longest single command inside the server, by its log: median over the doings; 0: not in the log. */
  longestCommand: Estimate;
  /** For whoever does it: median. */
  took: Estimate;
  /** Doings that the log shows with a command of 10 ms or more, as it is shipped. */
  inShippedLog: { events: number; n: number };
  /** Of all small reads of a cell: over the trials. */
  p99: Estimate | null;
  /** Between two doings, in ms. */
  periodMs: number;
}

/** What an arm found of an operation; null where nothing valid is known. */
export function figuresOf(
  analysis: Pick<Analysed, 'arms'>,
  arm: ArmName,
  name: string,
): Figures | null {
  const [, title] = OPERATIONS[arm].find(([known]) => known === name) ?? [];
  const found = analysis.arms.find((one) => one.arm === arm && one.trials.valid > 0);
  if (title === undefined || found === undefined) return null;
  const samples = (figure: string): number[] => samplesOf(found, `${name}/${figure}`);
  const [felt, longestCommand, took] = [
    medianOf(samples('feltMs')),
    medianOf(samples('longestCommandMs')),
    medianOf(samples('tookMs')),
  ];
  if (felt === null || longestCommand === null || took === null) return null;
  const slow = samples('longestCommandMs');
  const periods = samples('periodMs');
  return {
    ...{ arm, name, title, felt, longestCommand, took },
    inShippedLog: { events: slow.filter((ms) => ms >= SLOW_MS).length, n: slow.length },
    p99: geometricMean(samples('p99Ms')),
    periodMs: periods.reduce((sum, one) => sum + one, 0) / Math.max(1, periods.length),
  };
}

/** All operations of an arm that have figures. */
export function allFigures(analysis: Pick<Analysed, 'arms'>, arm: ArmName): Figures[] {
  return OPERATIONS[arm].flatMap(([name]) => figuresOf(analysis, arm, name) ?? []);
}

function samplesOf(arm: ArmAnalysis, name: string): number[] {
  return arm.findings?.samples[name] ?? [];
}

/** Ends of the interval; the value itself where there are too few repetitions for one. */
export function ends({ value, interval }: Estimate): { low: number; high: number } {
  return interval ?? { low: value, high: value };
}
