/**
 * curves: what theory says as a line, what was measured as points with intervals on it. For hit ratio against TTL,
 * false positives against fill, loads against rate.
 *
 *   curves(analysis, { id: 'oracle', title: '…', subtitle: '…', x: { title: 'TTL, s (log scale)', spacing: 'log' },
 *     y: { title: 'hit ratio', share: true }, series: [{ name: 'cached', theory: [[1, 0.5], …],
 *     measured: [{ x: 60, y: 0.97, low: 0.96, high: 0.98 }] }] })
 */
import type { Figure } from '../figure.ts';
import { number } from '../format.ts';
import { PLOT_WIDTHS } from '../theme.ts';
import type { ExperimentAnalysis } from '../../lab/result.ts';
import { type Spacing, valueAxis } from './axes.ts';
import { lineLabels, looksOf, seriesEncoding, thin } from './series.ts';

const HEIGHT = 300;
const MOST_POINTS = 90;
const MOST_ROWS = 12;

/** A point with its interval; without one where `low` and `high` are absent. */
export interface MeasuredPoint {
  x: number;
  y: number;
  low?: number;
  high?: number;
}

/** One line of theory and the points that belong to it; either may be empty. */
export interface Curve {
  /** An arm of the experiment, for its colour; any other name gets a look of its own. */
  name: string;
  theory: readonly (readonly [x: number, y: number])[];
  measured: readonly MeasuredPoint[];
}

interface AxisOptions {
  title: string;
  spacing?: Spacing;
  /** Values from 0 to 1, labelled in per cent. */
  share?: boolean;
}

/** Theory as lines, measurement as points with intervals. Null without a single point of either. */
export function curves(
  analysis: Pick<ExperimentAnalysis, 'name' | 'arms'>,
  options: {
    id: string;
    title: string;
    subtitle: string;
    x: AxisOptions;
    y: AxisOptions;
    series: readonly Curve[];
    /** What lines and points are; theory and what was measured by default. */
    words?: { lines: string; points: string };
  },
): Figure | null {
  const { lines, points: dots } = options.words ?? { lines: 'theory', points: 'measured' };
  const series = options.series.filter((one) => one.theory.length + one.measured.length > 0);
  if (series.length === 0) return null;
  const x = valueAxis(
    series.flatMap((one) => [...one.theory.map(([at]) => at), ...one.measured.map((at) => at.x)]),
    options.x.title,
    options.x,
  );
  const y = valueAxis(
    series.flatMap((one) => [
      ...one.theory.map(([, value]) => value),
      ...one.measured.flatMap((point) => [point.y, point.low ?? point.y, point.high ?? point.y]),
    ]),
    options.y.title,
    options.y,
  );
  const looks = looksOf(
    analysis.arms,
    series.map(({ name }) => name),
  );
  const encoding = seriesEncoding(looks);
  const theory = series.flatMap(({ name, theory: points }) =>
    thin(points, MOST_POINTS).map(([at, value]) => ({
      arm: name,
      x: x.place(at),
      y: y.place(value),
    })),
  );
  const measured = series.flatMap(({ name, measured: points }) =>
    points.map((point) => ({
      arm: name,
      x: x.place(point.x),
      y: y.place(point.y),
      low: y.place(point.low ?? point.y),
      high: y.place(point.high ?? point.y),
    })),
  );
  const ends = looks.flatMap((look) => {
    const own = [...theory, ...measured].filter(({ arm }) => arm === look.name);
    const last = own.toSorted((a, b) => a.x - b.x).at(-1);
    return last === undefined ? [] : [{ series: look, x: last.x, y: last.y }];
  });
  const show = (value: number): string =>
    options.y.share === true ? `${number(value * 100, 4)} %` : number(value, 4);
  const at = { field: 'x', type: 'quantitative' } as const;
  return {
    id: `${analysis.name}-${options.id}`,
    title: options.title,
    subtitle:
      measured.length === 0
        ? options.subtitle
        : `${options.subtitle} Lines: ${lines}. Points: ${dots}, with 95 % intervals where there are any.`,
    description: `${series
      .map(({ name, measured: points, theory: line }) =>
        points.length === 0
          ? `${name}: ${lines} alone, from ${show(line[0]?.[1] ?? 0)} to ${show(line.at(-1)?.[1] ?? 0)}`
          : `${name}: ${dots} ${measuredText(points, show)}`,
      )
      .join('; ')}.`,
    spec: {
      width: PLOT_WIDTHS.labelled.wide,
      height: HEIGHT,
      layer: [
        {
          data: { values: theory },
          mark: { type: 'line', strokeWidth: 1.5 },
          encoding: {
            x: { ...at, scale: x.scale, axis: x.axis },
            y: { field: 'y', type: 'quantitative', scale: y.scale, axis: y.axis },
            color: encoding.color,
            strokeDash: encoding.strokeDash,
          },
        },
        {
          data: { values: measured.filter(({ low, high }) => high > low) },
          mark: { type: 'rule', strokeWidth: 2 },
          encoding: {
            x: at,
            y: { field: 'low', type: 'quantitative' },
            y2: { field: 'high' },
            color: encoding.color,
          },
        },
        {
          data: { values: measured },
          mark: { type: 'point', filled: true, opacity: 1 },
          encoding: {
            x: at,
            y: { field: 'y', type: 'quantitative' },
            color: encoding.color,
            shape: encoding.shape,
          },
        },
        ...lineLabels(
          ends,
          { domain: y.scale.domain, log: y.scale.type === 'log', height: HEIGHT },
          { x: 'x', y: 'y' },
          encoding,
        ),
      ],
    },
    table: {
      columns: ['series', 'x', dots, 'low', 'high', lines],
      rows: series.flatMap(({ name, measured: points, theory: line }) =>
        points.length === 0
          ? lineOnly(name, line)
          : points.map((point) => [
              ...[name, point.x, point.y],
              ...[point.low ?? null, point.high ?? null],
              nearest(line, point.x),
            ]),
      ),
    },
  };
}

/** All of few points, the first and the last of many. */
function measuredText(points: readonly MeasuredPoint[], show: (value: number) => string): string {
  const inOrder = points.toSorted((a, b) => a.x - b.x);
  const texts = inOrder.map((point) => `${show(point.y)} at ${number(point.x)}`);
  if (texts.length <= 3) return texts.join(', ');
  return `${texts[0]} to ${texts.at(-1)} (${texts.length} points)`;
}

/** Rows of a line without points: without them the chart would have no numbers. */
function lineOnly(name: string, line: Curve['theory']): (string | number | null)[][] {
  return thin(line, MOST_ROWS).map(([x, y]) => [name, x, null, null, null, y]);
}

/** Theory at a measured place, if its line has a point within 1 % of it. */
function nearest(line: Curve['theory'], x: number): number | null {
  const best = line.toSorted(([a], [b]) => Math.abs(a - x) - Math.abs(b - x))[0];
  return best !== undefined && Math.abs(best[0] - x) <= Math.abs(x) * 0.01 ? best[1] : null;
}
