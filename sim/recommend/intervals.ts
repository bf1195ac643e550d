import { estimateOf } from '../service/replicate.ts';
import type { TimeOutcome } from '../time/outcome.ts';
import type { Trace } from '../trace.ts';
import type { Question } from './question.ts';
import { type Measure, type Row, trialOf } from './rows.ts';
import { spanMs } from './stampede.ts';

/** Where a figure of another such stretch of the same traffic is expected, at 95 %. */
export interface Expected {
  readonly low: number;
  readonly high: number;
}

/** Stretches of equal length. Each lasts much longer than a load and should last longer than a TTL. */
const STRETCHES = 10;

/**
 * 95 % intervals by batch means: the trace is cut into 10 stretches, and their spread tells that of the whole (Law, Simulation
 * modeling and analysis, 5th ed., 9.5.3). Stretches shorter than a TTL depend on each other, and the interval is then too narrow.
 * @returns `null` where fewer than 2 stretches have a read.
 */
export async function intervalsOf(
  trace: Trace,
  question: Question,
  row: Row,
  measure: Measure,
): Promise<{ hitRatio: Expected; loadsPerSecond: Expected } | null> {
  const { setting, cache } = trialOf(trace, question, row, row);
  const fromTick = setting.fromTick ?? 0;
  const endTick = (trace.ticks?.[0] ?? 0) + spanMs(trace) / trace.tickMs;
  const starts = Array.from(
    { length: STRETCHES },
    (_, at) => fromTick + ((endTick - fromTick) * at) / STRETCHES,
  );
  // What is counted from a start on changes nothing else, so the difference of two is one stretch.
  const counted = await measure(
    trace,
    starts.map((start) => ({ setting: { ...setting, fromTick: start }, cache })),
  );
  const stretches = counted.map(({ outcome }, at) =>
    difference(outcome, counted[at + 1]?.outcome ?? null),
  );
  const seconds = ((endTick - fromTick) * trace.tickMs) / STRETCHES / 1000;
  const ratios = stretches.filter(({ reads }) => reads > 0).map(({ hits, reads }) => hits / reads);
  const rates = stretches.map(({ loads }) => loads / seconds / question.sample);
  const hitRatio = around(row.hitRatio, ratios, 1);
  const loadsPerSecond = around(row.loadsPerSecond, rates, Infinity);
  return hitRatio === null || loadsPerSecond === null ? null : { hitRatio, loadsPerSecond };
}

type Counts = Pick<TimeOutcome, 'hits' | 'reads' | 'loads'>;

function difference(from: Counts, next: Counts | null): Counts {
  return {
    hits: from.hits - (next?.hits ?? 0),
    reads: from.reads - (next?.reads ?? 0),
    loads: from.loads - (next?.loads ?? 0),
  };
}

/** The figure of another stretch as long as all of these: their mean differs from ours, and ours from the true one. */
function around(figure: number, values: readonly number[], most: number): Expected | null {
  const estimate = estimateOf(values);
  if (estimate === null) return null;
  const halfWidth = Math.SQRT2 * estimate.halfWidth;
  return { low: Math.max(0, figure - halfWidth), high: Math.min(most, figure + halfWidth) };
}
