/**
 * heatmap: how many requests took how long in which second, one panel an arm (time x latency): a stampede is a block that
 * averages would hide. matrix: rows by columns with a word in each cell (fault x policy); up to 6 columns fit a phone.
 *
 *   heatmap(analysis, { id: 'heat', title: '…', subtitle: '…', axis: 'response time, ms (log scale)',
 *     panels: [{ arm: 'none', points: [[second, ms], [second, ms, count], …] }] })
 *   matrix(analysis, { id: 'faults', title: '…', subtitle: '…', columns: ['outbox', 'hardened'],
 *     rows: [{ name: 'listener killed', cells: [{ word: '0.4 s', tone: 'good', detail: 'bound 1 s' }, null] }] })
 */
import type { Field, PositionFieldDef } from 'vega-lite/types_unstable/channeldef.js';
import type { Figure } from '../figure.ts';
import { number, plural } from '../format.ts';
import { colour } from '../palette.ts';
import { PLOT_WIDTHS } from '../theme.ts';
import type { ExperimentAnalysis } from '../../lab/result.ts';
import { logDomain, logTicks, PLAIN_LABELS } from './axes.ts';

const PANEL_HEIGHT = 96;
const MOST_COLUMNS = 48;
/** Two cells per factor of 2 in latency. */
const STEP = Math.SQRT2;
/** From few to many requests in a cell: five steps of one hue, which need no colour vision. */
const SHADES = [0.16, 0.34, 0.55, 0.78, 1];

/** Requests of one arm: `[x, y]`, or `[x, y, count]` where they were counted before. */
export interface HeatPanel {
  arm: string;
  points: readonly (readonly [x: number, y: number, count?: number])[];
}

/** Time x latency, darker where more requests fall. Null without a point. */
export function heatmap(
  analysis: ExperimentAnalysis,
  options: {
    id: string;
    title: string;
    subtitle: string;
    panels: readonly HeatPanel[];
    /** What y is, with its unit. */
    axis: string;
    xTitle?: string;
    /** Width of a cell in units of x; by default so that 48 columns are enough. */
    xStep?: number;
  },
): Figure | null {
  const panels = options.panels.filter(({ points }) => points.length > 0);
  if (panels.length === 0) return null;
  const all = panels.flatMap(({ points }) => points);
  const xs = all.map(([x]) => x);
  const [first, last] = [Math.min(...xs), Math.max(...xs)];
  const step = options.xStep ?? niceStep((last - first) / MOST_COLUMNS);
  const domain = logDomain(all.map(([, y]) => y));
  const cells = panels.flatMap(({ arm, points }) => countCells(arm, points, step));
  const most = Math.max(...cells.map(({ count }) => count));
  const values = inRows(cells, most).map(({ arm, from, to, row, shade }) => ({
    ...{ arm, shade },
    x: from * step,
    x2: to * step,
    y: STEP ** (row + 0.5),
  }));
  const ticks = logTicks(domain, 0);
  const axis = options.axis.replace(' (log scale)', ''); // a phone has no room for it above each panel
  const x = {
    field: 'x',
    type: 'quantitative',
    scale: {
      domain: [Math.floor(first / step) * step, (Math.floor(last / step) + 1) * step],
      nice: false,
    },
    axis: { title: options.xTitle ?? 'second of the measured phase', grid: false },
  } satisfies PositionFieldDef<Field>;
  return {
    id: `${analysis.name}-${options.id}`,
    title: options.title,
    subtitle: `${options.subtitle} Log scale. Each cell: ${number(step)} wide, a factor of ${number(STEP)} high; the darkest has ${plural(most, 'request')}, each lighter step about a factor of ${number(most ** (1 / SHADES.length), 2)} fewer.`,
    description: `${panels.map((panel) => `${panel.arm}: ${panelText(panel)}`).join('; ')}.`,
    spec: {
      usermeta: { plot: 'panels' },
      data: { values },
      facet: {
        field: 'arm',
        type: 'nominal',
        sort: panels.map(({ arm }) => arm),
        header: {
          labelOrient: 'top',
          labelExpr: `datum.value + ', ' + ${JSON.stringify(axis)}`,
        },
      },
      columns: 1,
      spacing: 12,
      spec: {
        width: PLOT_WIDTHS.panels.wide,
        height: PANEL_HEIGHT,
        // A thick line takes a third of the bytes of a rectangle.
        mark: {
          type: 'rule',
          color: colour('blue'),
          clip: true,
          strokeWidth: (PANEL_HEIGHT * Math.log(STEP)) / Math.log(domain[1] / domain[0]),
        },
        encoding: {
          x,
          x2: { field: 'x2' },
          y: {
            field: 'y',
            type: 'quantitative',
            scale: { type: 'log', domain, nice: false },
            axis: {
              values: ticks.length > 2 ? ticks : logTicks(domain, 5),
              labelExpr: PLAIN_LABELS,
              title: null,
              domain: false,
              grid: false,
            },
          },
          strokeOpacity: { field: 'shade', type: 'quantitative', scale: null, legend: null },
        },
      },
      resolve: { axis: { x: 'shared' } },
    },
    table: {
      columns: ['arm', 'requests', 'lowest', 'median', 'p99', 'highest', 'highest at'],
      rows: panels.map(({ arm, points }) => {
        const sorted = points.toSorted((a, b) => a[1] - b[1]);
        return [
          ...[arm, requestsIn(points), sorted[0]?.[1] ?? null],
          ...[quantileOf(sorted, 0.5), quantileOf(sorted, 0.99)],
          ...[sorted.at(-1)?.[1] ?? null, sorted.at(-1)?.[0] ?? null],
        ];
      }),
    },
  };
}

/** 1, 2 or 5 times a power of ten that is at least `least`. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1e-6)));
  const step = [1, 2, 5, 10].find((lead) => lead * power >= least * (1 - 1e-9)) ?? 10;
  return Number((step * power).toPrecision(3));
}

interface Cell {
  arm: string;
  column: number;
  row: number;
  count: number;
}

function countCells(arm: string, points: HeatPanel['points'], step: number): Cell[] {
  const cells = new Map<string, Cell>();
  for (const [x, y, count = 1] of points) {
    if (!(y > 0)) continue;
    const column = Math.floor(x / step + 1e-9);
    const row = Math.floor(Math.log(y) / Math.log(STEP));
    const key = `${column} ${row}`;
    const known = cells.get(key)?.count ?? 0;
    cells.set(key, { arm, column, row, count: known + count });
  }
  return [...cells.values()];
}

/** Cells of one shade that stand side by side as one bar; bars of one shade after each other. */
function inRows(
  cells: readonly Cell[],
  most: number,
): { arm: string; from: number; to: number; row: number; shade: number }[] {
  const shaded = cells.map(({ count, ...cell }) => ({ ...cell, shade: shadeOf(count, most) }));
  shaded.sort((a, b) => a.shade - b.shade || a.row - b.row || a.column - b.column);
  const bars = new Map<
    string,
    { arm: string; from: number; to: number; row: number; shade: number }
  >();
  for (const { arm, column, row, shade } of shaded) {
    const key = (end: number): string => `${arm} ${row} ${shade} ${end}`;
    const left = bars.get(key(column));
    bars.delete(key(column));
    bars.set(key(column + 1), { arm, row, shade, from: left?.from ?? column, to: column + 1 });
  }
  return [...bars.values()];
}

function shadeOf(count: number, most: number): number {
  const share = most <= 1 ? 1 : Math.log(count) / Math.log(most);
  return SHADES[Math.min(SHADES.length - 1, Math.floor(share * SHADES.length))] ?? 1;
}

function requestsIn(points: HeatPanel['points']): number {
  return points.reduce((sum, [, , count = 1]) => sum + count, 0);
}

/** @param sorted - By y, ascending. */
function quantileOf(sorted: HeatPanel['points'], q: number): number {
  const wanted = requestsIn(sorted) * q;
  let seen = 0;
  for (const [, y, count = 1] of sorted) {
    seen += count;
    if (seen >= wanted) return y;
  }
  return 0;
}

function panelText({ points }: HeatPanel): string {
  const sorted = points.toSorted((a, b) => a[1] - b[1]);
  return `${plural(requestsIn(points), 'request')} of ${number(sorted[0]?.[1] ?? 0)} to ${number(sorted.at(-1)?.[1] ?? 0)}, median ${number(quantileOf(sorted, 0.5))}`;
}

/** What stands in one cell of a matrix: a word or a short figure, with a longer text for the table. */
export interface MatrixCell {
  word: string;
  tone: 'good' | 'bad' | 'neutral';
  detail?: string;
}

const SIGNS = { good: '✓', bad: '✗', neutral: '·' } as const;
const MATRIX_ROW = 58;

/** Rows by columns with a sign and a word in each cell; null cells stay empty. Null without a cell. */
export function matrix(
  analysis: ExperimentAnalysis,
  options: {
    id: string;
    title: string;
    subtitle: string;
    columns: readonly string[];
    rows: readonly { name: string; cells: readonly (MatrixCell | null)[] }[];
  },
): Figure | null {
  const cells = options.rows.flatMap((row) =>
    row.cells.flatMap((cell, at) => {
      const column = options.columns[at];
      return cell === null || column === undefined ? [] : [{ row: row.name, column, ...cell }];
    }),
  );
  if (cells.length === 0) return null;
  const rows = options.rows.filter((row) => row.cells.some((cell) => cell !== null));
  const values = cells.map(({ row, column, word, tone }) => ({
    row,
    column,
    text: `${SIGNS[tone]} ${word}`,
    ink: colour(tone === 'neutral' ? 'ink' : tone),
  }));
  const y = {
    field: 'row',
    type: 'nominal',
    sort: rows.map(({ name }) => name),
    axis: null,
    scale: { paddingInner: 0, paddingOuter: 0 },
  } satisfies PositionFieldDef<Field>;
  const x = {
    field: 'column',
    type: 'nominal',
    sort: [...options.columns],
    scale: { domain: [...options.columns], paddingInner: 0.06, paddingOuter: 0 },
    axis: {
      orient: 'top',
      labelAngle: options.columns.length > 4 ? -55 : 0,
      labelOverlap: false,
      labelLimit: 160,
      domain: false,
      ticks: false,
      title: null,
      ...(options.columns.length > 4 ? { labelAlign: 'left' as const } : {}),
    },
  } satisfies PositionFieldDef<Field>;
  return {
    id: `${analysis.name}-${options.id}`,
    title: options.title,
    subtitle: `${options.subtitle} ✓ holds what it promises, ✗ does not, · has no promise.`,
    description: `${rows.map((row) => `${row.name}: ${options.columns.flatMap((column, at) => (row.cells[at] == null ? [] : [`${column} ${SIGNS[row.cells[at].tone]} ${row.cells[at].word}`])).join(', ')}`).join('; ')}.`,
    spec: {
      usermeta: { plot: 'full' },
      width: PLOT_WIDTHS.full.wide,
      height: rows.length * MATRIX_ROW,
      layer: [
        {
          data: { values },
          mark: {
            type: 'rect',
            height: 26,
            yOffset: 12,
            color: colour('panel'),
            stroke: colour('grid'),
          },
          encoding: { x, y },
        },
        {
          data: { values },
          mark: { type: 'text', dy: 12, baseline: 'middle' },
          encoding: {
            x,
            y,
            text: { field: 'text' },
            color: { field: 'ink', type: 'nominal', scale: null, legend: null },
          },
        },
        {
          data: { values: rows.map(({ name }) => ({ row: name })) },
          mark: {
            type: 'text',
            x: 2,
            align: 'left',
            baseline: 'middle',
            dy: -14,
            fontWeight: 'bold',
          },
          encoding: { y, text: { field: 'row' } },
        },
      ],
    },
    table: {
      columns: ['', ...options.columns],
      rows: rows.map((row) => [
        row.name,
        ...options.columns.map((_, at) => {
          const cell = row.cells[at];
          if (cell == null) return null;
          return `${SIGNS[cell.tone]} ${cell.word}${cell.detail === undefined ? '' : `: ${cell.detail}`}`;
        }),
      ]),
    },
  };
}
