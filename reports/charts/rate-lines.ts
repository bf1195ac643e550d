/**
 * rateLines: figures per second as small multiples, one panel an arm, with the moments at which something happened.
 * For SELECTs per second around an expiry, errors during a fault, hits while a flood runs.
 *
 *   rateLines(analysis, { id: 'selects', title: '…', subtitle: '…', axis: 'SELECTs per second', unit: '/s',
 *     lines: seriesLines(analysis, 'selectsPerSecond'), rules: [{ value: 900, label: 'capacity 900/s' }] })
 */
import type { Field, PositionFieldDef } from 'vega-lite/types_unstable/channeldef.js';
import type { UnitSpec } from 'vega-lite/types_unstable/spec/unit.js';
import type { Figure } from '../figure.ts';
import { inUnit, number, plural } from '../format.ts';
import { colour } from '../palette.ts';
import { PLOT_WIDTHS } from '../theme.ts';
import type { ExperimentAnalysis, TrialEvent } from '../../lab/result.ts';
import { type Spacing, valueAxis } from './axes.ts';
import { type Layer, looksOf } from './series.ts';
import { EVENT_RULE, EVENT_TRIANGLE, eventMoments } from './timeline.ts';

const PANEL_HEIGHT = 76;
/** A line has at most so many points; of those that share a place the highest is kept. */
const MOST_POINTS = 150;

/** One line in one panel; a panel may hold several. */
export interface RateLine {
  /** An arm of the experiment, for the colour of the line and the name of its panel. */
  arm: string;
  /** Panel, where it is not the arm's own. */
  panel?: string;
  /** `[second, value]`, ascending. */
  points: readonly (readonly [second: number, value: number])[];
  dashed?: boolean;
}

/**
 * Lines from `findings.series` named `name`. Those of several trials are laid over each other: the mean of each second.
 */
export function seriesLines(analysis: ExperimentAnalysis, name: string): RateLine[] {
  return analysis.arms.flatMap(({ arm, findings }) => {
    const own = (findings?.series ?? []).filter((one) => one.name === name);
    if (own.length === 0) return [];
    const sums = new Map<number, { sum: number; count: number }>();
    for (const [x, y] of own.flatMap(({ points }) => points)) {
      const known = sums.get(x) ?? { sum: 0, count: 0 };
      sums.set(x, { sum: known.sum + y, count: known.count + 1 });
    }
    const points = [...sums]
      .sort(([a], [b]) => a - b)
      .map(([x, { sum, count }]): [number, number] => [x, sum / count]);
    return [{ arm, points }];
  });
}

/** Figures per second, one panel an arm. Null without a line of two points. */
export function rateLines(
  analysis: ExperimentAnalysis,
  options: {
    id: string;
    title: string;
    subtitle: string;
    lines: readonly RateLine[];
    /** What the lines show, with its unit: `SELECTs per second`. */
    axis: string;
    /** For the figures in words: `/s`, `ms`. */
    unit: string;
    spacing?: Spacing;
    share?: boolean;
    /** Horizontal lines in every panel, e.g. a capacity. */
    rules?: readonly { value: number; label: string }[];
    /** Moments by panel; by default the arm's own events. */
    events?: Readonly<Record<string, readonly TrialEvent[]>>;
    /** What x is; `second of the measured phase` by default. */
    xTitle?: string;
  },
): Figure | null {
  const lines = options.lines.filter(({ points }) => points.length > 1);
  if (lines.length === 0) return null;
  const rules = options.rules ?? [];
  const looks = looksOf(
    analysis.arms,
    lines.map(({ arm }) => arm),
  );
  const panels = [...new Set(lines.map((line) => line.panel ?? line.arm))];
  const y = valueAxis(
    [
      ...lines.flatMap(({ points }) => points.map(([, value]) => value)),
      ...rules.map((one) => one.value),
    ],
    options.axis,
    options,
  );
  const seconds = lines.flatMap(({ points }) => points.map(([second]) => second));
  const [from, to] = [Math.min(...seconds), Math.max(...seconds)];
  const x = {
    field: 'x',
    type: 'quantitative',
    scale: { domain: [from, to], nice: false },
    axis: { title: options.xTitle ?? 'second of the measured phase', grid: false },
  } satisfies PositionFieldDef<Field>;
  const moments = panels.flatMap((panel) => {
    const own =
      options.events?.[panel] ?? analysis.arms.find(({ arm }) => arm === panel)?.events ?? [];
    return eventMoments(own)
      .filter(({ atSecond }) => atSecond >= from && atSecond <= to)
      .map(({ atSecond, label }) => ({ panel, x: atSecond, label }));
  });
  // Facets share one data set, so the kinds of rows are told apart by a field.
  const values = [
    ...lines.flatMap((line, index) =>
      highest(line.points).map(([at, value]) => ({
        kind: 'line',
        line: index,
        panel: line.panel ?? line.arm,
        x: at,
        y: y.place(value),
        colour: looks.find(({ name }) => name === line.arm)?.style.colour ?? colour('ink'),
        dash: line.dashed === true ? 1 : 0,
      })),
    ),
    ...moments.map((moment) => ({ kind: 'event', panel: moment.panel, x: moment.x })),
  ];
  const quantity = { field: 'y', type: 'quantitative' } as const;
  const atEvent = {
    transform: [{ filter: "datum.kind === 'event'" }],
    encoding: { x: { field: 'x', type: 'quantitative' } },
  } satisfies Partial<UnitSpec<Field>>;
  const labels = [...new Set(moments.map(({ label }) => label))];
  return {
    id: `${analysis.name}-${options.id}`,
    title: options.title,
    subtitle: `${options.subtitle}${rules.length === 0 ? '' : ` Dashed: ${rules.map(({ label }) => label).join('; ')}.`}${labels.length === 0 ? '' : ` Triangles: ${labels.slice(0, 4).join('; ')}${labels.length > 4 ? ' and more, see the table' : ''}.`}`,
    description: `${options.axis}: ${lines
      .map((line) => `${nameOf(line)} ${rangeText(line, options)}`)
      .join('; ')}.`,
    spec: {
      usermeta: { plot: 'panels' },
      data: { values },
      facet: {
        field: 'panel',
        type: 'nominal',
        sort: panels,
        header: {
          labelOrient: 'top',
          labelExpr: `datum.value + ', ' + ${JSON.stringify(options.axis)}`,
        },
      },
      columns: 1,
      spacing: 12,
      spec: {
        width: PLOT_WIDTHS.panels.wide,
        height: PANEL_HEIGHT,
        layer: [
          {
            transform: [{ filter: "datum.kind === 'line'" }],
            mark: { type: 'line', strokeWidth: 1.6 },
            encoding: {
              x,
              y: {
                ...quantity,
                scale: y.scale,
                axis: {
                  ...y.axis,
                  title: null,
                  domain: false,
                  ...(y.axis.values === undefined
                    ? { tickCount: 3 }
                    : { values: fewTicks(y.axis.values) }),
                },
              },
              color: { field: 'colour', type: 'nominal', scale: null, legend: null },
              detail: { field: 'line' },
              strokeDash: {
                field: 'dash',
                type: 'nominal',
                legend: null,
                scale: { domain: [0, 1], range: [[], [4, 2]] },
              },
            },
          },
          ...rules.map(
            ({ value }): Layer => ({
              data: { values: [{}] },
              mark: { type: 'rule', strokeDash: [5, 3], color: colour('soft') },
              encoding: { y: { datum: value, type: 'quantitative' } },
            }),
          ),
          {
            ...atEvent,
            mark: EVENT_RULE,
          },
          {
            ...atEvent,
            mark: EVENT_TRIANGLE,
          },
        ],
      },
      resolve: { axis: { x: 'shared' } },
    },
    table: {
      columns: ['line', 'seconds', `lowest`, 'mean', 'highest', 'highest at second', 'events'],
      rows: lines.map((line) => {
        const all = line.points.map(([, value]) => value);
        const high = Math.max(...all);
        const panel = line.panel ?? line.arm;
        return [
          nameOf(line),
          all.length,
          Math.min(...all),
          all.reduce((sum, value) => sum + value, 0) / all.length,
          high,
          line.points.find(([, value]) => value === high)?.[0] ?? null,
          moments
            .filter((moment) => moment.panel === panel)
            .map(({ label, x: at }) => `${label} at ${number(at)} s`)
            .join('; ') || null,
        ];
      }),
    },
  };
}

const nameOf = ({ arm, panel }: RateLine): string =>
  panel === undefined || panel === arm ? arm : `${panel}, ${arm}`;

function rangeText({ points }: RateLine, options: { unit: string; share?: boolean }): string {
  const all = points.map(([, value]) => value);
  const show = (value: number): string =>
    options.share === true ? `${number(value * 100)} %` : inUnit(value, options.unit);
  return `${show(Math.min(...all))} to ${show(Math.max(...all))} over ${plural(all.length, 'point')}`;
}

/** Thinned so that no peak is lost: the highest point of each stretch stays. */
function highest(points: RateLine['points']): RateLine['points'] {
  if (points.length <= MOST_POINTS) return points;
  const size = points.length / MOST_POINTS;
  return Array.from({ length: MOST_POINTS }, (_, index) => {
    const stretch = points.slice(Math.floor(index * size), Math.floor((index + 1) * size));
    return stretch.reduce((best, point) => (point[1] > best[1] ? point : best));
  });
}

/** A panel has room for three labels. */
function fewTicks(ticks: readonly number[]): number[] {
  if (ticks.length <= 3) return [...ticks];
  return [ticks[0]!, ticks[Math.floor(ticks.length / 2)]!, ticks.at(-1)!];
}
