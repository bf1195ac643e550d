import type { Figure } from '../figure.ts';
import { milliseconds, percent } from '../format.ts';
import { PLOT_WIDTHS } from '../theme.ts';
import type { ArmAnalysis, ExperimentAnalysis } from '../../lab/result.ts';
import { logAxis } from './axes.ts';
import { pooled } from './percentiles.ts';
import {
  lineLabels,
  referenceLine,
  TITLE_ABOVE_LABELS,
  seriesEncoding,
  seriesOf,
  thin,
} from './series.ts';

const HEIGHT = 260;

/**
 * Share of an arm's page requests that took at most `limitMs`, as text; null without a curve.
 * Where the curve is cut before the limit, its end is a lower bound: `at least 99.79 %`.
 */
export function shareWithin(arm: ArmAnalysis, limitMs: number): string | null {
  const last = arm.curve.at(-1);
  if (last === undefined) return null;
  if (last.ms <= limitMs) return `at least ${percent(last.q)}`;
  return percent(arm.curve.findLast(({ ms }) => ms <= limitMs)?.q ?? 0);
}

/** What share of pages meets the budget: cumulative share against response time. */
export function ecdf(
  analysis: ExperimentAnalysis,
  options: { budgetMs: number; title: string },
): Figure | null {
  const series = seriesOf(analysis.arms, (arm) => arm.curve.length > 1);
  if (series.length === 0) return null;
  const rows = series.flatMap(({ arm, name }) => {
    const points = thin(arm.curve, 140).map(({ q, ms }) => ({ arm: name, ms, share: q }));
    const first = points[0];
    return first === undefined ? [] : [{ ...first, share: 0 }, ...points];
  });
  const x = logAxis(
    [...rows.map(({ ms }) => ms), options.budgetMs * 1.5],
    'response time, ms (log scale)',
  );
  const within = series.map(({ arm, name }) => ({
    name,
    share: shareWithin(arm, options.budgetMs),
  }));
  // The lines end close together at the top, so each has its marker where it crosses 50 %, and the
  // names stand beside the plot in the order of these markers.
  const middles = series
    .map((item) => {
      const middle = item.arm.curve.find(({ q }) => q >= 0.5) ?? item.arm.curve.at(-1);
      return { series: item, arm: item.name, ms: middle?.ms ?? 1, share: middle?.q ?? 0.5 };
    })
    .sort((a, b) => a.ms - b.ms);
  const names = middles.map(({ series: item, ms }) => ({ series: item, x: ms, y: 1 }));
  const crossings = middles.map(({ arm, ms, share, series: item }) => ({
    arm,
    ms,
    share,
    fill: item.style.filled ? 1 : 0,
  }));
  const encoding = seriesEncoding(series);
  const budget = milliseconds(options.budgetMs);
  return {
    id: `${analysis.name}-ecdf`,
    title: options.title,
    subtitle: `Share of page requests answered within a time; the rule marks ${budget}, the marker each arm's p50. ${pooled(analysis)}`,
    description: `Within ${budget}: ${within.map(({ name, share }) => `${name} ${share}`).join(', ')}.`,
    spec: {
      width: PLOT_WIDTHS.labelled.wide,
      height: HEIGHT,
      layer: [
        {
          data: { values: rows },
          mark: { type: 'line' },
          encoding: {
            x: { field: 'ms', type: 'quantitative', ...x },
            y: {
              field: 'share',
              type: 'quantitative',
              scale: { domain: [0, 1] },
              axis: {
                labelExpr: "datum.value * 100 + ' %'",
                values: [0, 0.25, 0.5, 0.75, 1],
                title: 'share of page requests',
                titleY: TITLE_ABOVE_LABELS,
              },
            },
            color: encoding.color,
            strokeDash: encoding.strokeDash,
          },
        },
        ...referenceLine('x', options.budgetMs, budget),
        {
          data: { values: crossings },
          mark: { type: 'point', opacity: 1 },
          encoding: {
            x: { field: 'ms', type: 'quantitative' },
            y: { field: 'share', type: 'quantitative' },
            color: encoding.color,
            shape: encoding.shape,
            fill: encoding.color,
            fillOpacity: { field: 'fill', type: 'quantitative', scale: null, legend: null },
          },
        },
        ...lineLabels(
          names,
          { domain: [0, 1], log: false, height: HEIGHT },
          { x: 'ms', y: 'share' },
          encoding,
          { leaders: false },
        ),
      ],
    },
    table: {
      columns: ['arm', `within ${budget}`, 'requests'],
      rows: series.map(({ arm, name }, index) => [
        name,
        within[index]?.share ?? null,
        arm.requests,
      ]),
    },
  };
}
