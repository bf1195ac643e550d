import type { Field, PositionFieldDef } from 'vega-lite/types_unstable/channeldef.js';
import type { LayerSpec } from 'vega-lite/types_unstable/spec/layer.js';
import type { Figure } from '../figure.ts';
import { milliseconds, number } from '../format.ts';
import { colour } from '../palette.ts';
import { PLOT_WIDTHS } from '../theme.ts';
import type { ArmAnalysis, ExperimentAnalysis } from '../../lab/result.ts';
import { logAxis } from './axes.ts';
import { quantileText } from './percentiles.ts';
import {
  lineLabels,
  referenceLine,
  TITLE_ABOVE_LABELS,
  seriesEncoding,
  type Layer,
  type Series,
} from './series.ts';

const HEIGHT = 260;
const LOWER_HEIGHT = 90;
const RATE_TITLE = 'offered page requests per second';

/** One arm of a sweep and the rate that was offered to it. */
export interface SweepPoint {
  ratePerSecond: number;
  arm: ArmAnalysis;
}

/** Arms named `r<rate>` in order of their rates: `r10`, `r62.5`. Others are left out. */
export function sweepPoints(analysis: ExperimentAnalysis): SweepPoint[] {
  return analysis.arms
    .flatMap((arm) => {
      const rate = /^r(\d+(?:\.\d+)?)$/.exec(arm.arm)?.[1];
      return rate === undefined ? [] : [{ ratePerSecond: Number(rate), arm }];
    })
    .sort((a, b) => a.ratePerSecond - b.ratePerSecond);
}

/** A quantile of an arm's merged requests, in ms; null where it has none. */
export function quantileMs(arm: ArmAnalysis, q: number): number | null {
  return arm.quantiles.find((candidate) => Math.abs(candidate.q - q) < 1e-9)?.ms ?? null;
}

const LINES = [
  { q: 0.5, name: 'p50', hue: 'blue', dash: [], marker: 'circle' },
  { q: 0.99, name: 'p99', hue: 'vermilion', dash: [6, 3], marker: 'triangle-up' },
] as const;

/** Where queueing begins: response time against the offered rate, and the queue below it. */
export function rateSweep(
  analysis: ExperimentAnalysis,
  options: {
    title: string;
    capacityPerSecond: number | null;
    /** A time to mark, e.g. the one that a story tells. */
    mark: { ms: number; label: string };
  },
): Figure | null {
  const points = sweepPoints(analysis).filter(({ arm }) => quantileMs(arm, 0.5) !== null);
  if (points.length === 0) return null;
  const rows = points.flatMap(({ arm, ratePerSecond }) =>
    LINES.flatMap(({ q, name }) => {
      const ms = quantileMs(arm, q);
      return ms === null ? [] : [{ arm: name, rate: ratePerSecond, ms }];
    }),
  );
  const rates = points.map(({ ratePerSecond }) => ratePerSecond);
  const y = logAxis(
    [...rows.map(({ ms }) => ms), options.mark.ms],
    'response time, ms (log scale)',
  );
  const x = {
    field: 'rate',
    type: 'quantitative',
    scale: {
      domain: [0, Math.max(...rates, options.capacityPerSecond ?? 0) * 1.04],
      nice: false,
      padding: 0,
    },
  } satisfies PositionFieldDef<Field>;
  // The lines here are quantiles, not arms: each gets a look of its own.
  const series: Series[] = LINES.flatMap(({ name, hue, dash, marker }) => {
    const arm = points[0]?.arm;
    const style = { colour: colour(hue), dash: [...dash], marker, filled: true };
    return arm === undefined ? [] : [{ arm, name, style }];
  });
  const encoding = seriesEncoding(series);
  const ends = series.flatMap((item) => {
    const last = rows.findLast(({ arm }) => arm === item.name);
    return last === undefined ? [] : [{ series: item, x: last.rate, y: last.ms }];
  });
  const waiting = points.flatMap(({ arm, ratePerSecond }) => {
    const estimate = arm.measures['poolMaxWaiting'];
    return estimate == null ? [] : [{ rate: ratePerSecond, waiting: estimate.value }];
  });
  const capacityRule: Layer[] =
    options.capacityPerSecond === null
      ? []
      : referenceLine(
          'x',
          options.capacityPerSecond,
          `capacity ${number(options.capacityPerSecond, 2)}/s`,
          {
            labelAt: 'end',
          },
        );
  const main: LayerSpec<Field> & { width: number } = {
    width: PLOT_WIDTHS.labelled.wide,
    height: HEIGHT,
    layer: [
      {
        data: { values: rows },
        mark: { type: 'line' },
        encoding: {
          x: { ...x, axis: { title: waiting.length === 0 ? RATE_TITLE : null } },
          y: {
            field: 'ms',
            type: 'quantitative',
            scale: y.scale,
            axis: { ...y.axis, titleY: TITLE_ABOVE_LABELS },
          },
          color: encoding.color,
          strokeDash: encoding.strokeDash,
        },
      },
      {
        data: { values: rows },
        mark: { type: 'point', filled: true, opacity: 1 },
        encoding: {
          x: { field: 'rate', type: 'quantitative' },
          y: { field: 'ms', type: 'quantitative' },
          color: encoding.color,
          shape: encoding.shape,
        },
      },
      ...referenceLine('y', options.mark.ms, options.mark.label),
      ...capacityRule,
      ...lineLabels(
        ends,
        { domain: y.scale.domain, log: true, height: HEIGHT },
        { x: 'rate', y: 'ms' },
        encoding,
      ),
    ],
  };
  const queue: LayerSpec<Field> & { width: number } = {
    width: PLOT_WIDTHS.labelled.wide,
    height: LOWER_HEIGHT,
    layer: [
      {
        data: { values: waiting },
        mark: { type: 'bar', width: 10, color: colour('grey') },
        encoding: {
          x: { ...x, axis: { title: RATE_TITLE } },
          y: {
            field: 'waiting',
            type: 'quantitative',
            axis: {
              title: 'most requests waiting at once',
              tickCount: 4,
            },
          },
        },
      },
      {
        data: { values: waiting },
        mark: { type: 'text', dy: -8 },
        encoding: {
          x: { field: 'rate', type: 'quantitative' },
          y: { field: 'waiting', type: 'quantitative' },
          text: { field: 'waiting', format: ',.0f' },
        },
      },
    ],
  };
  return {
    id: `${analysis.name}-sweep`,
    title: options.title,
    subtitle: `Load: ${analysis.design.arrivals}, the same server at each rate; waiting for a connection has no bound. Past capacity there is no steady state: figures there grow with the length of the trial (${number(analysis.design.measureSeconds)} s).`,
    description: `${points
      .map(
        ({ arm, ratePerSecond }) =>
          `${number(ratePerSecond)}/s: p50 ${milliseconds(quantileMs(arm, 0.5) ?? 0)}, p99 ${quantileText(arm, 0.99) ?? 'unknown'}`,
      )
      .join('; ')}.`,
    spec: waiting.length === 0 ? main : { vconcat: [main, queue], spacing: 34 },
    table: {
      columns: ['offered, /s', 'p50', 'p95', 'p99', 'most waiting'],
      rows: points.map(({ arm, ratePerSecond }) => [
        ratePerSecond,
        quantileText(arm, 0.5),
        quantileText(arm, 0.95),
        quantileText(arm, 0.99),
        arm.measures['poolMaxWaiting']?.value ?? null,
      ]),
    },
  };
}
