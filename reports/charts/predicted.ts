/**
 * predicted: did the simulator lie? What was predicted against what was measured, with the band of the one and the
 * interval of the other; on the diagonal both are equal, and what lies outside of its band has its name.
 *
 *   predicted(analysis, { id: 'loads', title: '…', subtitle: '…', axis: 'loads per expiry (log scale)', spacing: 'log',
 *     points: [{ label: 'lease', predicted: estimate, measured: estimate, agrees: true }] })
 */
import type { Field, PositionFieldDef } from 'vega-lite/types_unstable/channeldef.js';
import type { Figure } from '../figure.ts';
import { number, plural } from '../format.ts';
import { colour } from '../palette.ts';
import { PLOT_WIDTHS } from '../theme.ts';
import type { Estimate, ExperimentAnalysis } from '../../lab/result.ts';
import { type Spacing, valueAxis } from './axes.ts';
import { spread } from './series.ts';

const HEIGHT = 360;
const LABEL_PX = 15;
/** So few points have all their names, more only the outliers. */
const FEW = 8;
/** There is room for so many letters at the plot’s right edge, also on a phone. */
const MOST_LETTERS = 26;

/** One prediction and its measurement. */
export interface PredictedPoint {
  /** Stands beside the point if it is an outlier or one of few: short. */
  label: string;
  /** Its interval is the band in which a measurement is expected. */
  predicted: Estimate;
  measured: Estimate;
  /** Null: not judged. */
  agrees: boolean | null;
}

/** How each sort of point looks. */
const LOOKS = [
  { state: 'as predicted', agrees: true, hue: colour('blue'), marker: 'circle' },
  { state: 'outside', agrees: false, hue: colour('bad'), marker: 'diamond' },
  { state: 'not judged', agrees: null, hue: colour('grey'), marker: 'square' },
] as const;

const at = (field: string): PositionFieldDef<Field> => ({ field, type: 'quantitative' });

/** Predictions against measurements. Null without a point. */
export function predicted(
  analysis: Pick<ExperimentAnalysis, 'name'>,
  options: {
    /** End of the figure's id: `<experiment>-<id>`. */
    id: string;
    title: string;
    subtitle: string;
    /** What both axes show, with its unit and, where they are logarithmic, "(log scale)". */
    axis: string;
    spacing?: Spacing;
    /** Values from 0 to 1, labelled in per cent. */
    share?: boolean;
    points: readonly PredictedPoint[];
  },
): Figure | null {
  const { points } = options;
  if (points.length === 0) return null;
  const all = points.flatMap((point) => [...ends(point.predicted), ...ends(point.measured)]);
  const x = valueAxis(all, 'predicted', options);
  const y = valueAxis(all, `measured: ${options.axis}`, options);
  const values = points.map((point) => {
    const look = LOOKS.find(({ agrees }) => agrees === point.agrees)!;
    const [xLow, xHigh] = ends(point.predicted);
    const [yLow, yHigh] = ends(point.measured);
    return {
      ...{ state: look.state, colour: look.hue, marker: look.marker, label: short(point.label) },
      ...{ x: x.place(point.predicted.value), xLow: x.place(xLow), xHigh: x.place(xHigh) },
      ...{ y: y.place(point.measured.value), yLow: y.place(yLow), yHigh: y.place(yHigh) },
    };
  });
  const named = labelled(
    values.filter(({ state }) => state === 'outside' || points.length <= FEW),
    y.scale,
  );
  const plot = named.length === 0 ? 'labelled' : 'named';
  const hue = { field: 'colour', type: 'nominal', scale: null, legend: null } as const;
  const [low, high] = x.scale.domain;
  return {
    id: `${analysis.name}-${options.id}`,
    title: options.title,
    subtitle: `${options.subtitle} Dashed: both are equal. Bars: 95 % band of the prediction, 95 % interval of the measurement. Diamonds lie outside, grey squares are not judged.`,
    description: describe(points, options.share === true),
    spec: {
      usermeta: { plot },
      width: PLOT_WIDTHS[plot].wide,
      height: HEIGHT,
      layer: [
        {
          data: {
            values: [
              { x: low, y: low },
              { x: high, y: high },
            ],
          },
          mark: { type: 'line', strokeWidth: 1.2, strokeDash: [5, 3], color: colour('soft') },
          encoding: {
            x: { ...at('x'), scale: x.scale, axis: x.axis },
            y: { ...at('y'), scale: y.scale, axis: y.axis },
          },
        },
        {
          data: { values: values.filter(({ xLow, xHigh }) => xHigh > xLow) },
          mark: { type: 'rule', strokeWidth: 1.5, opacity: 0.7 },
          encoding: { x: at('xLow'), x2: { field: 'xHigh' }, y: at('y'), color: hue },
        },
        {
          data: { values: values.filter(({ yLow, yHigh }) => yHigh > yLow) },
          mark: { type: 'rule', strokeWidth: 1.5, opacity: 0.7 },
          encoding: { x: at('x'), y: at('yLow'), y2: { field: 'yHigh' }, color: hue },
        },
        {
          data: { values: named },
          mark: { type: 'rule', strokeWidth: 0.8, opacity: 0.6 },
          encoding: {
            x: at('x'),
            x2: { value: 'width' },
            y: at('y'),
            y2: { field: 'labelY' },
            color: hue,
          },
        },
        {
          data: { values },
          mark: { type: 'point', filled: true, opacity: 1 },
          encoding: {
            x: at('x'),
            y: at('y'),
            color: hue,
            shape: { field: 'marker', type: 'nominal', scale: null, legend: null },
          },
        },
        {
          data: { values: named },
          mark: {
            type: 'text',
            xOffset: 6,
            align: 'left',
            baseline: 'middle',
            fontSize: 11,
            clip: false,
          },
          encoding: { x: { value: 'width' }, y: at('labelY'), text: { field: 'label' } },
        },
      ],
    },
    table: {
      columns: [
        ...['what', 'predicted', 'band from', 'band to'],
        ...['measured', 'interval from', 'interval to', 'judgement'],
      ],
      rows: points.map((point, index) => [
        point.label,
        ...figures(point.predicted),
        ...figures(point.measured),
        values[index]!.state,
      ]),
    },
  };
}

function ends({ value, interval }: Estimate): [number, number] {
  return interval === null ? [value, value] : [interval.low, interval.high];
}

function figures({ value, interval }: Estimate): [number, number | null, number | null] {
  return [value, interval?.low ?? null, interval?.high ?? null];
}

function short(label: string): string {
  return label.length <= MOST_LETTERS ? label : `${label.slice(0, MOST_LETTERS - 1)}…`;
}

/** Points with places for their names, none over another. */
function labelled<T extends { y: number }>(
  named: readonly T[],
  { type, domain: [low, high] }: { type: Spacing; domain: readonly [number, number] },
): (T & { labelY: number })[] {
  const log = type === 'log';
  const toPx = (value: number): number =>
    HEIGHT *
    (1 - (log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low)));
  const fromPx = (px: number): number => {
    const share = 1 - px / HEIGHT;
    return log ? low * (high / low) ** share : low + (high - low) * share;
  };
  const placed = spread(
    named.map(({ y }) => toPx(y)),
    LABEL_PX,
    HEIGHT,
  );
  return named.map((one, index) => ({ ...one, labelY: fromPx(placed[index] ?? 0) }));
}

/** How many agree, and each that does not. */
function describe(points: readonly PredictedPoint[], share: boolean): string {
  const show = (value: number): string =>
    share ? `${number(value * 100, 4)} %` : number(value, 4);
  const judged = points.filter(({ agrees }) => agrees !== null);
  const outside = judged.filter(({ agrees }) => agrees === false);
  const sentences = outside.map(
    ({ label, predicted: one, measured }) =>
      `${label}: ${show(measured.value)} measured, ${show(one.value)} predicted`,
  );
  const open = points.length - judged.length;
  return (
    [
      `${judged.length - outside.length} of ${judged.length} as predicted`,
      ...(open === 0 ? [] : [`${plural(open, 'point')} not judged`]),
      ...sentences,
    ].join('; ') + '.'
  );
}
