import type { Field, PositionFieldDef } from 'vega-lite/types_unstable/channeldef.js';
import type { LayerSpec } from 'vega-lite/types_unstable/spec/layer.js';
import type { UnitSpec } from 'vega-lite/types_unstable/spec/unit.js';
import { armStyles, colour, POLICY_STYLES, type SeriesStyle } from '../palette.ts';
import type { ArmAnalysis } from '../../lab/result.ts';

/** One layer of a layered chart. */
export type Layer = LayerSpec<Field> | UnitSpec<Field>;

/** One arm as a series of a chart. */
export interface Series {
  arm: ArmAnalysis;
  name: string;
  style: SeriesStyle;
}

/**
 * Whether arms of one policy look different (`arm`), or all like their policy (`policy`), which is
 * enough where each arm has a panel of its own.
 */
export type SeriesLook = 'arm' | 'policy';

/** The arms that a chart draws, each with its fixed look. Looks come from all arms, drawn or not. */
export function seriesOf(
  arms: readonly ArmAnalysis[],
  isDrawn: (arm: ArmAnalysis) => boolean,
  look: SeriesLook = 'arm',
): Series[] {
  const styles = armStyles(arms);
  return arms.flatMap((arm) => {
    const own = look === 'policy' ? POLICY_STYLES[arm.policy] : undefined;
    const style = own ?? styles.get(arm.arm);
    return style !== undefined && isDrawn(arm) ? [{ arm, name: arm.arm, style }] : [];
  });
}

/** A nominal channel that gives each arm its own value of the range. */
interface ArmChannel<T> {
  field: 'arm';
  type: 'nominal';
  legend: null;
  scale: { domain: string[]; range: T[] };
}

/** The channels of a chart whose lines are series. */
export interface SeriesEncoding {
  color: ArmChannel<string>;
  strokeDash: ArmChannel<number[]>;
  shape: ArmChannel<string>;
}

/** Colour, dash and marker of series that rows name in the field `arm`; no legend. */
export function seriesEncoding(series: readonly NamedLook[]): SeriesEncoding {
  const domain = series.map(({ name }) => name);
  const channel = <T>(range: T[]): ArmChannel<T> => ({
    field: 'arm',
    type: 'nominal',
    legend: null,
    scale: { domain, range },
  });
  return {
    color: channel(series.map(({ style }) => style.colour)),
    strokeDash: channel(series.map(({ style }) => style.dash)),
    shape: channel(series.map(({ style }) => style.marker)),
  };
}

/** What a label at the end of a line needs to know of its series. */
export type NamedLook = Pick<Series, 'name' | 'style'>;

/**
 * The look of anything that is named after an arm, and of names that are no arm (a theory, a mode, a grid's line), which
 * take looks that no arm of the experiment has.
 */
export function looksOf(arms: readonly ArmAnalysis[], names: readonly string[]): NamedLook[] {
  const others = names.filter((name) => !arms.some(({ arm }) => arm === name));
  const styles = armStyles([
    ...arms,
    ...others.map((arm) => ({ arm, policy: '', role: 'candidate' as const })),
  ]);
  return names.flatMap((name) => {
    const style = styles.get(name);
    return style === undefined ? [] : [{ name, style }];
  });
}

/** Where a line ends, to be labelled at the plot's right edge. */
export interface LineEnd {
  series: NamedLook;
  x: number;
  y: number;
  /** False for a line that ends far from the edge: a marker at its end takes the leader's place. */
  leader?: boolean;
}

/**
 * Direct labels at the right edge: a thin leader from each line's end, the series' marker and its
 * name, pushed apart where lines end close to each other.
 * @param encoding - That of all series of the chart: layers share one scale.
 * @param y - The y scale of the plot: domain, whether it is logarithmic, and the height in px.
 */
export function lineLabels(
  ends: readonly LineEnd[],
  y: { domain: readonly [number, number]; log: boolean; height: number },
  fields: { x: string; y: string },
  encoding: SeriesEncoding,
  options: { leaders: boolean } = { leaders: true },
): Layer[] {
  const [low, high] = y.domain;
  const toPx = (value: number) =>
    y.height *
    (1 - (y.log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low)));
  const fromPx = (px: number) => {
    const share = 1 - px / y.height;
    return y.log ? low * (high / low) ** share : low + (high - low) * share;
  };
  const placed = spread(
    ends.map((end) => toPx(end.y)),
    16,
    y.height,
  );
  const values = ends.map((end, index) => ({
    arm: end.series.name,
    label: end.series.name,
    fill: end.series.style.filled ? 1 : 0,
    [fields.x]: end.x,
    [fields.y]: end.y,
    labelY: fromPx(placed[index] ?? 0),
  }));
  const labelY = { field: 'labelY', type: 'quantitative' } as const;
  const rightEdge = { value: 'width' } as const;
  const early = values.filter((_, index) => ends[index]?.leader === false);
  const leaders: Layer = {
    data: { values: values.filter((_, index) => ends[index]?.leader !== false) },
    mark: { type: 'rule', strokeWidth: 0.8, opacity: 0.7, clip: false },
    encoding: {
      x: { field: fields.x, type: 'quantitative' },
      x2: rightEdge,
      y: { field: fields.y, type: 'quantitative' },
      y2: { field: 'labelY' },
      color: encoding.color,
    },
  };
  const endMarkers: Layer = {
    data: { values: early },
    mark: { type: 'point', filled: true, opacity: 1 },
    encoding: {
      x: { field: fields.x, type: 'quantitative' },
      y: { field: fields.y, type: 'quantitative' },
      color: encoding.color,
      shape: encoding.shape,
    },
  };
  return [
    ...(options.leaders ? [leaders] : []),
    ...(early.length === 0 ? [] : [endMarkers]),
    {
      data: { values },
      mark: { type: 'point', xOffset: 8, opacity: 1, clip: false },
      encoding: {
        x: rightEdge,
        y: labelY,
        color: encoding.color,
        shape: encoding.shape,
        fill: encoding.color,
        fillOpacity: { field: 'fill', type: 'quantitative', scale: null, legend: null },
      },
    },
    {
      data: { values },
      mark: { type: 'text', xOffset: 18, align: 'left', baseline: 'middle', clip: false },
      encoding: {
        x: rightEdge,
        y: labelY,
        text: { field: 'label' },
        color: { value: colour('ink') },
      },
    },
  ];
}

/**
 * Moves positions apart to at least `gap`, inside 0 to `height` where they fit, keeping their order.
 * @returns The new positions, in the order of the input.
 */
export function spread(positions: readonly number[], gap: number, height: number): number[] {
  const order = positions.map((_, index) => index);
  order.sort((a, b) => (positions[a] ?? 0) - (positions[b] ?? 0) || a - b);
  const sorted = order.map((index) => positions[index] ?? 0);
  for (let i = 1; i < sorted.length; i += 1) {
    sorted[i] = Math.max(sorted[i] ?? 0, (sorted[i - 1] ?? 0) + gap);
  }
  for (let i = sorted.length - 1, limit = height; i >= 0; i -= 1, limit -= gap) {
    sorted[i] = Math.min(sorted[i] ?? 0, limit);
  }
  const result = Array.from({ length: positions.length }, () => 0);
  for (const [rank, index] of order.entries()) result[index] = sorted[rank] ?? 0;
  return result;
}

/** Place of a y title in charts that have labels of vertical reference lines above the plot. */
export const TITLE_ABOVE_LABELS = -28;

/** A horizontal or vertical reference line with a short text, independent of the chart's data. */
export function referenceLine(
  axis: 'x' | 'y',
  value: number,
  label: string,
  style: { dash?: number[]; labelAt?: 'start' | 'end' } = {},
): Layer[] {
  const datum = { datum: value, type: 'quantitative' } as const;
  const text: UnitSpec<Field> =
    axis === 'y'
      ? {
          data: { values: [{}] },
          mark: { type: 'text', text: label, x: 4, align: 'left', dy: -7, color: colour('soft') },
          encoding: { y: datum },
        }
      : {
          data: { values: [{}] },
          mark: {
            type: 'text',
            text: label,
            y: -6,
            align:
              style.labelAt === 'end' ? 'right' : style.labelAt === 'start' ? 'left' : 'center',
            baseline: 'bottom',
            color: colour('soft'),
          },
          encoding: { x: datum },
        };
  return [
    {
      data: { values: [{}] },
      mark: { type: 'rule', strokeDash: style.dash ?? [5, 3], color: colour('soft') },
      encoding: { [axis]: datum },
    },
    text,
  ];
}

/** Rows that hold two lines of text above their mark: height and the mark's place below the middle, in px. */
export const ROW = { height: 62, markOffset: 18 } as const;

/** A line of text in each row, at the plot's left edge. The first line is bold. */
export function rowText(
  field: string,
  line: 'first' | 'second',
  values: Record<string, unknown>[],
  y: PositionFieldDef<Field>,
): Layer {
  const place = { x: 4, align: 'left', baseline: 'middle' } as const;
  return {
    data: { values },
    mark:
      line === 'first'
        ? { type: 'text', ...place, dy: -20, fontWeight: 'bold' }
        : { type: 'text', ...place, dy: -4 },
    encoding: { y, text: { field } },
  };
}

/** At most `most` items, evenly taken, the first and the last among them. */
export function thin<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items];
  const step = (items.length - 1) / (most - 1);
  const taken = new Set(Array.from({ length: most }, (_, index) => Math.round(index * step)));
  return items.filter((_, index) => taken.has(index));
}
