import { armOf } from '../../lab/claims.ts';
import type { ExperimentAnalysis } from '../../lab/result.ts';
import { type Curve, curves } from '../../reports/charts/curves.ts';
import { forest } from '../../reports/charts/forest.ts';
import { trialStrip } from '../../reports/charts/trial-strip.ts';
import type { Figure } from '../../reports/figure.ts';
import { milliseconds, number } from '../../reports/format.ts';
import { estimateOf } from '../clients/judgement.ts';
import { ROUND_TRIPS_MS, SIZES, WAYS } from './batches.ts';
import { predictedMs } from './judgement.ts';

/** Figures of the batch-catalog experiment. */
export function charts(analysis: ExperimentAnalysis): Figure[] {
  return [
    ...ROUND_TRIPS_MS.toReversed().map((roundTripMs) => batches(analysis, roundTripMs)),
    forest(analysis, {
      title: 'Time of 240 values 1 ms away, against one by one',
      comparisons: analysis.comparisons,
    }),
    trialStrip(analysis),
  ].filter((figure) => figure !== null);
}

function batches(analysis: ExperimentAnalysis, roundTripMs: number): Figure | null {
  const series = WAYS.map((way): Curve => {
    const arm = armOf(analysis, way);
    return {
      name: way,
      theory: SIZES.flatMap((n) => {
        const expected = predictedMs(arm, way, roundTripMs, n);
        return expected === null || expected <= 0 ? [] : [[n, expected] as const];
      }),
      measured: SIZES.flatMap((n) => {
        const found = estimateOf(arm, 'batchMs', roundTripMs, n);
        if (found === null) return [];
        const { value, interval } = found;
        return interval === null
          ? { x: n, y: value }
          : { x: n, y: value, low: interval.low, high: interval.high };
      }),
    };
  });
  const of = (way: string): number | null =>
    estimateOf(armOf(analysis, way), 'batchMs', roundTripMs, 240)?.value ?? null;
  const [slow, pipeline] = [of('one-by-one'), of('pipeline')];
  const place = roundTripMs === 0 ? 'on this host' : `${roundTripMs} ms away`;
  const figure = curves(analysis, {
    id: `batch-${roundTripMs}ms`,
    title:
      slow === null || pipeline === null
        ? `Time of a batch, ${place}`
        : `240 values ${place}: ${milliseconds(slow)} one by one, 1/${number(slow / pipeline)} of it in one pipeline`,
    subtitle: 'Median time of a batch of values of 500 bytes.',
    words: {
      lines:
        roundTripMs === 0
          ? 't0 + n·c, fitted here'
          : 't0 + n·c of loopback + R per round trip waited for',
      points: 'measured',
    },
    x: { title: 'values in a batch (log scale)', spacing: 'log' },
    y: { title: 'ms (log scale)', spacing: 'log' },
    series,
  });
  return roundTripMs === 1 || figure === null ? figure : { ...figure, secondary: true };
}
