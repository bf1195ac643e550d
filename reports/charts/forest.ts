import type { Field, PositionFieldDef } from 'vega-lite/types_unstable/channeldef.js';
import type { Figure } from '../figure.ts';
import { ratio, ratioWithInterval } from '../format.ts';
import { colour } from '../palette.ts';
import { PLOT_WIDTHS } from '../theme.ts';
import type { Comparison, ExperimentAnalysis } from '../../lab/result.ts';
import { verdictText } from '../verdict.ts';
import { logDomain, logTicks } from './axes.ts';
import { ROW, rowText, seriesEncoding, seriesOf } from './series.ts';

/** Half the width of the zone in which two arms count as equivalent. */
const ZONE = 0.05;

/** By how much do arms differ: ratios to a baseline on a log axis, with intervals over rounds. */
export function forest(
  analysis: ExperimentAnalysis,
  options: { title: string; comparisons: readonly Comparison[] },
): Figure | null {
  const drawn = options.comparisons.filter(({ ratio: estimate }) => estimate !== null);
  const first = drawn[0];
  if (first === undefined) return null;
  const series = seriesOf(analysis.arms, ({ arm }) =>
    drawn.some(({ candidate }) => candidate === arm),
  );
  const rows = drawn.flatMap((comparison, index) => {
    const estimate = comparison.ratio;
    if (estimate === null) return [];
    return [
      {
        row: String(index),
        arm: comparison.candidate,
        ratio: estimate.value,
        low: estimate.interval?.low ?? estimate.value,
        high: estimate.interval?.high ?? estimate.value,
        pair: `${comparison.candidate} / ${comparison.baseline}`,
        figure: `${ratioWithInterval(estimate)}, ${verdictText(comparison)}`,
        fill: comparison.rank === 'noise floor' ? 0 : 1,
      },
    ];
  });
  const domain = logDomain(
    [...rows.flatMap(({ low, high }) => [low, high]), 1 - ZONE * 2, 1 + ZONE * 2],
    0.2,
  );
  const encoding = seriesEncoding(series);
  const y = {
    field: 'row',
    type: 'nominal',
    sort: rows.map(({ row }) => row),
    axis: null,
    scale: { paddingInner: 0, paddingOuter: 0 },
  } satisfies PositionFieldDef<Field>;
  return {
    id: `${analysis.name}-forest`,
    title: options.title,
    subtitle: `Ratio of ${first.measure.title} to the baseline, with 95 % intervals over ${first.rounds} rounds. Band: within 5 % counts as equivalent. Hollow: the same arm twice, which shows the noise.`,
    description: `${drawn.map((comparison) => `${comparison.candidate} to ${comparison.baseline}: ${comparison.ratio === null ? 'no ratio' : ratioWithInterval(comparison.ratio)} (${verdictText(comparison)})`).join('; ')}.`,
    spec: {
      usermeta: { plot: 'full' },
      width: PLOT_WIDTHS.full.wide,
      height: rows.length * ROW.height,
      layer: [
        {
          data: { values: [{ from: 1 - ZONE, to: 1 + ZONE }] },
          mark: { type: 'rect', color: colour('band'), y: 0, y2: { expr: 'height' } },
          encoding: {
            x: {
              field: 'from',
              type: 'quantitative',
              scale: { type: 'log', domain, nice: false },
              axis: {
                values: logTicks(domain, 8),
                labelExpr:
                  "datum.value < 1 ? '1/' + format(1 / datum.value, ',~r') : format(datum.value, ',~r')",
                title: `${first.measure.title}, candidate / baseline (log scale)`,
              },
            },
            x2: { field: 'to' },
          },
        },
        {
          data: { values: [{}] },
          mark: { type: 'rule', color: colour('ink'), strokeWidth: 1 },
          encoding: { x: { datum: 1, type: 'quantitative' } },
        },
        {
          data: { values: rows },
          mark: { type: 'rule', strokeWidth: 2.5, yOffset: ROW.markOffset },
          encoding: {
            x: { field: 'low', type: 'quantitative' },
            x2: { field: 'high' },
            y,
            color: encoding.color,
          },
        },
        {
          data: { values: rows },
          mark: { type: 'point', size: 90, yOffset: ROW.markOffset, opacity: 1 },
          encoding: {
            x: { field: 'ratio', type: 'quantitative' },
            y,
            color: encoding.color,
            shape: encoding.shape,
            fill: encoding.color,
            fillOpacity: { field: 'fill', type: 'quantitative', scale: null, legend: null },
          },
        },
        rowText('pair', 'first', rows, y),
        rowText('figure', 'second', rows, y),
      ],
    },
    table: {
      columns: [
        'candidate',
        'baseline',
        'ratio',
        'low',
        'high',
        'rounds',
        'p',
        'p after Holm',
        'verdict',
        'findable',
      ],
      rows: options.comparisons.map((comparison) => [
        comparison.candidate,
        comparison.baseline,
        comparison.ratio?.value ?? null,
        comparison.ratio?.interval?.low ?? null,
        comparison.ratio?.interval?.high ?? null,
        comparison.rounds,
        comparison.p,
        comparison.pHolm,
        verdictText(comparison),
        comparison.smallestFindableRatio === null
          ? null
          : `from ${ratio(comparison.smallestFindableRatio)}`,
      ]),
    },
  };
}
