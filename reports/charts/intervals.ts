/**
 * intervals: one figure with its interval per row. For shares of events (a zero is drawn with its bound 3 / n), medians of
 * few trials, counts per edit.
 *
 *   intervals(analysis, { id: 'stale', title: '…', subtitle: '…', axis: 'stale reads, share', share: true,
 *     rows: [{ arm: 'lease', estimate: wilson(0, 900), text: '0 of 900' }] })
 */
import type { Field, PositionFieldDef } from 'vega-lite/types_unstable/channeldef.js';
import type { Figure } from '../figure.ts';
import { PLOT_WIDTHS } from '../theme.ts';
import type { Estimate, ExperimentAnalysis } from '../../lab/result.ts';
import { type Spacing, valueAxis } from './axes.ts';
import { looksOf, ROW, rowText, seriesEncoding } from './series.ts';

/** One row: an arm of the experiment, for its colour, or any other name. */
export interface IntervalRow {
  arm: string;
  estimate: Estimate;
  /** Stands under the arm's name: the figure in words. */
  text: string;
}

/** One estimate with its interval per row. Null without a row. */
export function intervals(
  analysis: Pick<ExperimentAnalysis, 'name' | 'arms'>,
  options: {
    /** End of the figure's id: `<experiment>-<id>`. */
    id: string;
    title: string;
    subtitle: string;
    axis: string;
    spacing?: Spacing;
    /** Values from 0 to 1, labelled in per cent. */
    share?: boolean;
    rows: readonly IntervalRow[];
  },
): Figure | null {
  const { rows } = options;
  if (rows.length === 0) return null;
  const x = valueAxis(
    rows.flatMap(({ estimate: { value, interval } }) => [
      value,
      interval?.low ?? value,
      interval?.high ?? value,
    ]),
    options.axis,
    options,
  );
  const values = rows.map(({ arm, estimate: { value, interval }, text }) => ({
    arm,
    text,
    value: x.place(value),
    low: x.place(interval?.low ?? value),
    high: x.place(interval?.high ?? value),
  }));
  const names = rows.map(({ arm }) => arm);
  const encoding = seriesEncoding(looksOf(analysis.arms, names));
  const y = {
    field: 'arm',
    type: 'nominal',
    sort: names,
    axis: null,
    scale: { domain: names, paddingInner: 0, paddingOuter: 0 },
  } satisfies PositionFieldDef<Field>;
  return {
    id: `${analysis.name}-${options.id}`,
    title: options.title,
    subtitle: options.subtitle,
    description: `${rows.map(({ arm, text }) => `${arm}: ${text}`).join('; ')}.`,
    spec: {
      usermeta: { plot: 'full' },
      width: PLOT_WIDTHS.full.wide,
      height: rows.length * ROW.height,
      layer: [
        {
          data: { values },
          mark: { type: 'rule', strokeWidth: 2.5, yOffset: ROW.markOffset },
          encoding: {
            x: { field: 'low', type: 'quantitative', scale: x.scale, axis: x.axis },
            x2: { field: 'high' },
            y,
            color: encoding.color,
          },
        },
        {
          data: { values },
          mark: { type: 'point', filled: true, size: 90, yOffset: ROW.markOffset, opacity: 1 },
          encoding: {
            x: { field: 'value', type: 'quantitative' },
            y,
            color: encoding.color,
            shape: encoding.shape,
          },
        },
        rowText('arm', 'first', values, y),
        rowText('text', 'second', values, y),
      ],
    },
    table: {
      columns: ['arm', 'value', 'low', 'high', 'n', 'in words'],
      rows: rows.map(({ arm, estimate: { value, interval, n }, text }) => [
        arm,
        value,
        interval?.low ?? null,
        interval?.high ?? null,
        n,
        text,
      ]),
    },
  };
}
