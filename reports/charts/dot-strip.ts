/**
 * dotStrip: one dot per repetition, one row per arm, an optional mark where theory puts it. For counted outcomes that
 * repeat inside a trial: loads per expiry, window of staleness per write, seconds to recover.
 *
 *   dotStrip(analysis, { id: 'loads', title: '…finding…', subtitle: '…method…', axis: 'loads per expiry (log scale)',
 *     spacing: 'log', rows: sampleRows(analysis, 'loadsPerExpiry', { none: 54.2, lock: 1 }) })
 */
import type { Field, PositionFieldDef } from 'vega-lite/types_unstable/channeldef.js';
import type { Figure } from '../figure.ts';
import { number, plural } from '../format.ts';
import { colour } from '../palette.ts';
import { PLOT_WIDTHS } from '../theme.ts';
import type { ExperimentAnalysis } from '../../lab/result.ts';
import { type Spacing, valueAxis } from './axes.ts';
import { looksOf, ROW, seriesEncoding, thin } from './series.ts';

/** More dots than this in one row are thinned out; the table has the quantiles of all. */
const MOST_DOTS = 120;
/** Dots in the same place are stacked this far apart, in px, up to this many on either side. */
const STACK = { stepPx: 4, most: 3 };

/** The repetitions of one arm. */
export interface DotRow {
  /** An arm of the experiment, for its colour; any other name gets a look of its own. */
  arm: string;
  values: readonly number[];
  /** What theory says; drawn as a bar across the row. */
  theory?: number;
}

/** Rows from `findings.samples[name]` of each arm that has them. @param theory - By arm name. */
export function sampleRows(
  analysis: ExperimentAnalysis,
  name: string,
  theory: Readonly<Record<string, number>> = {},
): DotRow[] {
  return analysis.arms.flatMap(({ arm, findings }) => {
    const values = findings?.samples[name] ?? [];
    const expected = theory[arm];
    if (values.length === 0) return [];
    return [{ arm, values, ...(expected === undefined ? {} : { theory: expected }) }];
  });
}

/** One dot per repetition by arm. Null without a single value. */
export function dotStrip(
  analysis: ExperimentAnalysis,
  options: {
    /** End of the figure's id: `<experiment>-<id>`. */
    id: string;
    title: string;
    subtitle: string;
    rows: readonly DotRow[];
    /** Title of the axis, with its unit and, on a log axis, "(log scale)". */
    axis: string;
    spacing?: Spacing;
    /** Shares from 0 to 1, shown in per cent. */
    share?: boolean;
  },
): Figure | null {
  const rows = options.rows.filter(({ values }) => values.length > 0);
  if (rows.length === 0) return null;
  const x = valueAxis(
    rows.flatMap(({ values, theory }) => [...values, ...(theory === undefined ? [] : [theory])]),
    options.axis,
    options,
  );
  const show = (value: number): string =>
    options.share === true ? `${number(value * 100)} %` : number(value);
  const height = rows.length * ROW.height;
  const lines = rows.map(({ arm, values, theory }, index) => ({
    arm,
    y: middle(index),
    text: `${summary(values, show)}${theory === undefined ? '' : `; theory ${show(theory)}`}`,
  }));
  const y = {
    field: 'y',
    type: 'quantitative',
    axis: null,
    scale: { domain: [0, height], reverse: true, nice: false },
  } satisfies PositionFieldDef<Field>;
  const dots = rows.flatMap(({ arm, values }, index) =>
    stacked(thin(sorted(values), MOST_DOTS).map(x.place), x.scale).map(({ at, offset }) => ({
      arm,
      at,
      y: middle(index) + ROW.markOffset + offset,
    })),
  );
  const theories = rows.flatMap(({ theory }, index) =>
    theory === undefined
      ? []
      : [
          {
            at: x.place(theory),
            y: middle(index) + ROW.markOffset - 13,
            y2: middle(index) + ROW.markOffset + 13,
          },
        ],
  );
  const encoding = seriesEncoding(
    looksOf(
      analysis.arms,
      rows.map(({ arm }) => arm),
    ),
  );
  const place = { x: 4, align: 'left', baseline: 'middle' } as const;
  return {
    id: `${analysis.name}-${options.id}`,
    title: options.title,
    subtitle: `${options.subtitle}${theories.length === 0 ? '' : ' Upright bar: what theory says.'}`,
    description: `${lines.map(({ arm, text }) => `${arm}: ${text}`).join('. ')}.`,
    spec: {
      usermeta: { plot: 'full' },
      width: PLOT_WIDTHS.full.wide,
      height,
      layer: [
        {
          data: { values: dots },
          mark: { type: 'point', size: 26, strokeWidth: 1.2 },
          encoding: {
            x: { field: 'at', type: 'quantitative', scale: x.scale, axis: x.axis },
            y,
            color: encoding.color,
            shape: encoding.shape,
          },
        },
        {
          data: { values: theories },
          mark: { type: 'rule', color: colour('ink'), strokeWidth: 2 },
          encoding: { x: { field: 'at', type: 'quantitative' }, y, y2: { field: 'y2' } },
        },
        {
          data: { values: lines },
          mark: { type: 'text', ...place, dy: -20, fontWeight: 'bold' },
          encoding: { y, text: { field: 'arm' } },
        },
        {
          data: { values: lines },
          mark: { type: 'text', ...place, dy: -4 },
          encoding: { y, text: { field: 'text' } },
        },
      ],
    },
    table: {
      columns: ['arm', 'repetitions', 'smallest', 'median', 'p95', 'largest', 'theory'],
      rows: rows.map(({ arm, values, theory }) => {
        const all = sorted(values);
        const at = (q: number): number | null =>
          all[Math.min(all.length - 1, Math.floor(q * all.length))] ?? null;
        return [arm, all.length, at(0), at(0.5), at(0.95), at(1), theory ?? null];
      }),
    },
  };
}

/** Middle of a row, in px from the top. */
const middle = (index: number): number => index * ROW.height + ROW.height / 2;

function sorted(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}

/** `1 in all 20 repetitions`, `median 54, 41 to 68, n = 20`. */
function summary(values: readonly number[], show: (value: number) => string): string {
  const all = sorted(values);
  const [low = 0, high = 0] = [all[0], all.at(-1)];
  const repetitions = plural(all.length, 'repetition');
  if (all.length === 1) return `${show(low)} (1 repetition)`;
  if (low === high) return `${show(low)} in all ${repetitions}`;
  const median = all[Math.floor(all.length / 2)] ?? low;
  return `median ${show(median)}, ${show(low)} to ${show(high)}, n = ${all.length}`;
}

/** Dots that would hide each other stand above and below the line in turn. @param values - Ascending. */
function stacked(
  values: readonly number[],
  scale: { type: Spacing; domain: readonly [number, number] },
): { at: number; offset: number }[] {
  const [low, high] = scale.domain;
  const columns = PLOT_WIDTHS.full.wide / 7;
  const share = (value: number): number =>
    scale.type === 'log'
      ? Math.log(value / low) / Math.log(high / low)
      : (value - low) / (high - low);
  const taken = new Map<number, number>();
  return values.flatMap((at) => {
    const column = Math.round(share(at) * columns);
    const turn = taken.get(column) ?? 0;
    taken.set(column, turn + 1);
    if (turn > 2 * STACK.most) return []; // it would hide under one that is drawn
    return { at, offset: Math.ceil(turn / 2) * STACK.stepPx * (turn % 2 === 1 ? -1 : 1) };
  });
}
