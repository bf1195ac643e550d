import type { Field, PositionFieldDef } from 'vega-lite/types_unstable/channeldef.js';
import type { Figure } from '../figure.ts';
import { number } from '../format.ts';
import { PLOT_WIDTHS } from '../theme.ts';
import type { ArmAnalysis, ExperimentAnalysis } from '../../lab/result.ts';
import { logDomain, logTicks, PLAIN_LABELS } from './axes.ts';
import { ROW, rowText, seriesEncoding, seriesOf } from './series.ts';

/** `57/s [52/s, 62/s], limited by the database`, or `at least 2,400/s (generator-limited)`. */
export function capacityText(arm: ArmAnalysis): string {
  if (arm.search === null) return 'not searched';
  const { value, interval, n } = arm.search.highestPass;
  if (arm.search.limitedBy === 'generator')
    return `at least ${number(value)}/s (generator-limited)`;
  const range =
    interval === null
      ? ` (no interval, n = ${n})`
      : ` [${number(interval.low)}, ${number(interval.high)}]`;
  const by = arm.search.limitedBy === 'unknown' ? '' : `, limited by the ${arm.search.limitedBy}`;
  return `${number(value)}/s${range}${by}`;
}

/** Highest rate that keeps the promise, per arm: a dot with its interval; an arrow for a lower bound. */
export function capacityDots(
  analysis: ExperimentAnalysis,
  options: { title: string; objective: string },
): Figure | null {
  const series = seriesOf(analysis.arms, (arm) => (arm.search?.highestPass.value ?? 0) > 0);
  if (series.length === 0) return null;
  const rows = series.flatMap(({ arm, name }) => {
    if (arm.search === null) return [];
    const { value, interval } = arm.search.highestPass;
    return [
      {
        arm: name,
        rate: value,
        low: interval?.low ?? value,
        high: interval?.high ?? value,
        bound: arm.search.limitedBy === 'generator',
        figure: capacityText(arm),
      },
    ];
  });
  const domain = logDomain(rows.flatMap(({ low, high, rate }) => [low, high, rate * 1.2]));
  const encoding = seriesEncoding(series);
  const y = {
    field: 'arm',
    type: 'nominal',
    sort: series.map(({ name }) => name),
    axis: null,
    scale: { domain: series.map(({ name }) => name), paddingInner: 0, paddingOuter: 0 },
  } satisfies PositionFieldDef<Field>;
  return {
    id: `${analysis.name}-highest-rate`,
    title: options.title,
    subtitle: `Highest arrival rate with ${options.objective}, with its 95 % interval over searches. An arrow: the generator gave out first, the true rate lies to the right.`,
    description: `${rows.map(({ arm, figure }) => `${arm}: ${figure}`).join('; ')}.`,
    spec: {
      usermeta: { plot: 'full' },
      width: PLOT_WIDTHS.full.wide,
      height: rows.length * ROW.height,
      layer: [
        {
          data: { values: rows },
          mark: { type: 'rule', strokeWidth: 2.5, yOffset: ROW.markOffset },
          encoding: {
            x: {
              field: 'low',
              type: 'quantitative',
              scale: { type: 'log', domain, nice: false },
              axis: {
                values: logTicks(domain),
                labelExpr: PLAIN_LABELS,
                title: 'page requests per second (log scale)',
              },
            },
            x2: { field: 'high' },
            y,
            color: encoding.color,
          },
        },
        {
          data: { values: rows },
          mark: { type: 'point', size: 90, yOffset: ROW.markOffset, filled: true, opacity: 1 },
          encoding: {
            x: { field: 'rate', type: 'quantitative' },
            y,
            color: encoding.color,
            shape: encoding.shape,
          },
        },
        {
          data: { values: rows.filter(({ bound }) => bound) },
          mark: {
            type: 'text',
            text: '→',
            fontSize: 18,
            dx: 20,
            dy: ROW.markOffset - 1,
            baseline: 'middle',
          },
          encoding: {
            x: { field: 'rate', type: 'quantitative' },
            y,
            color: encoding.color,
          },
        },
        rowText('arm', 'first', rows, y),
        rowText('figure', 'second', rows, y),
      ],
    },
    table: {
      columns: [
        'arm',
        'highest rate, /s',
        'low',
        'high',
        'lowest failing, /s',
        'limited by',
        'searches',
      ],
      rows: series.map(({ arm, name }) => [
        name,
        arm.search?.highestPass.value ?? null,
        arm.search?.highestPass.interval?.low ?? null,
        arm.search?.highestPass.interval?.high ?? null,
        arm.search?.lowestFail ?? null,
        arm.search?.limitedBy ?? null,
        arm.search?.highestPass.n ?? null,
      ]),
    },
  };
}
