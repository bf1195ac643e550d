import { describe, expect, test } from 'vitest';
import type { Estimate, TradeOff } from '../../lab/result.ts';
import type { Figure } from '../figure.ts';
import { suiteCharts, suiteRun } from '../fixtures/suite.ts';
import { renderSvg } from '../render.ts';
import { valueAxis } from './axes.ts';
import { curves } from './curves.ts';
import { dotStrip, sampleRows } from './dot-strip.ts';
import { heatmap, matrix } from './heatmap.ts';
import { pareto, paretoFront } from './pareto.ts';
import { rateLines, seriesLines } from './rate-lines.ts';

const { run } = suiteRun();
const analysis = run.experiments.find(({ name }) => name === 'stampede')!;
const text = { id: 'x', title: 'a finding', subtitle: 'Method.' };

function drawn(figure: Figure | null): Figure {
  if (figure === null) throw new Error('no figure');
  return figure;
}

/** Every inline row of a spec, however deep. */
function rowsOf(node: unknown): Record<string, unknown>[] {
  if (typeof node !== 'object' || node === null) return [];
  const own = 'data' in node ? (node.data as { values?: unknown }).values : undefined;
  const rest = Object.entries(node).flatMap(([key, child]) =>
    key === 'data' ? [] : rowsOf(child),
  );
  return [...(Array.isArray(own) ? own : []), ...rest];
}

describe('an axis of figures that may be zero', () => {
  test('has a place of its own for a zero on a log scale, under the label 0', () => {
    const { scale, axis, place } = valueAxis([0, 0.001, 1], 'x', { spacing: 'log', share: true });
    expect(place(0)).toBeLessThan(0.001);
    expect(place(0)).toBeGreaterThan(scale.domain[0]);
    expect(axis.values?.[0]).toBe(place(0));
    expect(axis.labelExpr).toContain("'0'");
    expect(place(0.5)).toBe(0.5);
  });

  test('starts at zero on a linear scale', () => {
    expect(valueAxis([5, 10], 'x').scale.domain[0]).toBe(0);
    expect(valueAxis([0, 0], 'x').scale.domain).toEqual([0, 1]);
  });
});

describe('dotStrip', () => {
  test('draws a dot for each of 3 repetitions, and equal ones beside each other', () => {
    const rows = [{ arm: 'lock', values: [1, 1, 7], theory: 1 }];
    const figure = drawn(dotStrip(analysis, { ...text, rows, axis: 'loads' }));
    const dots = rowsOf(figure.spec).filter((row) => row['arm'] === 'lock' && 'at' in row);
    expect(dots).toHaveLength(3);
    expect(new Set(dots.map(({ at, y }) => JSON.stringify([at, y]))).size).toBe(3);
    expect(figure.description).toBe('lock: median 1, 1 to 7, n = 3; theory 1.');
  });

  test('takes its rows from the findings, and is null without them', () => {
    const rows = sampleRows(analysis, 'loadsPerExpiry', { lease: 1 });
    expect(rows.map(({ arm }) => arm)).toEqual(analysis.arms.map(({ arm }) => arm));
    expect(rows.find(({ arm }) => arm === 'lease')?.theory).toBe(1);
    expect(
      dotStrip(analysis, { ...text, rows: sampleRows(analysis, 'nosuch'), axis: '' }),
    ).toBeNull();
  });
});

describe('rateLines', () => {
  test('keeps the peak of 1,000 points that become 150', () => {
    const points = Array.from({ length: 1000 }, (_, at): [number, number] => [
      at,
      at === 503 ? 99 : 1,
    ]);
    const lines = [{ arm: 'lock', points }];
    const figure = drawn(rateLines(analysis, { ...text, lines, axis: 'SELECTs', unit: '/s' }));
    const ys = rowsOf(figure.spec).flatMap((row) => (row['kind'] === 'line' ? [row['y']] : []));
    expect(ys).toHaveLength(150);
    expect(ys).toContain(99);
    expect(figure.table.rows[0]).toContain(503);
  });

  test('lays the trials of an arm over each other by their mean', () => {
    const series = [1, 3].map((y) => ({
      name: 'a',
      points: [
        [0, y],
        [1, 2 * y],
      ] as [number, number][],
    }));
    const [first, ...others] = analysis.arms;
    const findings = { totals: {}, samples: {}, notes: [], series };
    const one = { ...analysis, arms: [{ ...first!, findings }, ...others] };
    expect(seriesLines(one, 'a')).toEqual([
      {
        arm: 'cached',
        points: [
          [0, 2],
          [1, 4],
        ],
      },
    ]);
  });
});

describe('heatmap', () => {
  test('makes one bar of like cells side by side, darker where more requests fall', () => {
    const points: [number, number, number][] = [
      [0, 2, 5],
      [1, 2, 5],
      [2, 2, 500],
      [3, 0, 9],
    ];
    const panels = [{ arm: 'lock', points }];
    const figure = drawn(heatmap(analysis, { ...text, panels, axis: 'ms', xStep: 1 }));
    const bars = rowsOf(figure.spec).map(({ x, x2, shade }) => [x, x2, shade]);
    expect(bars).toEqual([
      [0, 2, 0.34],
      [2, 3, 1],
    ]);
    expect(figure.table.rows[0]?.slice(0, 2)).toEqual(['lock', 519]);
  });
});

test('a matrix says its tone by a sign, and leaves cells without data empty', () => {
  const figure = drawn(
    matrix(analysis, {
      ...text,
      columns: ['outbox', 'lease'],
      rows: [
        { name: 'killed', cells: [{ word: '0.4 s', tone: 'good', detail: 'bound 1 s' }, null] },
      ],
    }),
  );
  expect(figure.table.rows).toEqual([['killed', '✓ 0.4 s: bound 1 s', null]]);
  expect(figure.description).toBe('killed: outbox ✓ 0.4 s.');
});

test('curves have theory as lines, measurement as points, and both in the table', () => {
  const series = [
    {
      name: 'lock',
      theory: [
        [1, 0.5],
        [2, 0.7],
      ] as const,
      measured: [{ x: 2, y: 0.68, low: 0.6, high: 0.75 }],
    },
  ];
  const axes = { x: { title: 'TTL' }, y: { title: 'hits', share: true } };
  const figure = drawn(curves(analysis, { ...text, ...axes, series }));
  expect(figure.table.rows).toEqual([['lock', 2, 0.68, 0.6, 0.75, 0.7]]);
  expect(figure.description).toBe('lock: measured 68 % at 2.');
});

describe('pareto', () => {
  const roughly = (value: number): Estimate => ({ value, interval: null, n: 1 });
  const point = (policy: string, stale: number, selects: number, hits: number): TradeOff => ({
    ...{ policy, variant: '', longestStaleSeconds: null },
    staleShare: roughly(stale),
    selectsPerPage: roughly(selects),
    hitRatio: roughly(hits),
  });
  const points = [
    point('uncached', 0, 114, 0),
    point('joined', 0, 1, 0),
    point('cached', 0.9, 0.02, 0.99),
    point('hardened', 0, 4, 0.96),
    point('lease', 0, 5, 0.95),
  ];

  test('the front is what nothing else equals in freshness, load and hits and beats in one', () => {
    const front = paretoFront(points).filter((one) => one.front);
    expect(front.map((one) => one.point.policy)).toEqual(['joined', 'cached', 'hardened']);
  });

  test('two equal points are both on the front, and a point without a load is not judged', () => {
    const twins = [point('a', 0, 1, 0.5), point('b', 0, 1, 0.5)];
    expect(paretoFront(twins).every(({ front }) => front)).toBe(true);
    expect(paretoFront([{ ...points[0]!, selectsPerPage: null }])).toEqual([]);
    expect(pareto('suite', [points[0]!], text)).toBeNull();
  });

  test('its sentence names the front with figures', () => {
    expect(drawn(pareto('suite', points, text)).description).toContain(
      'hardened (0 % stale, 4 SELECTs per page, 96.0 % hits)',
    );
  });
});

test('all of them are at most 900 px wide on a screen and 380 px on a phone', async () => {
  const names = ['stampede', 'faults', 'hit-ratio'];
  const figures = run.experiments
    .filter(({ name }) => names.includes(name))
    .flatMap((one) => suiteCharts(one).slice(4))
    .filter(
      ({ id }, index, all) =>
        all.findIndex((other) => id.split('-').at(-1) === other.id.split('-').at(-1)) === index,
    );
  expect(figures).toHaveLength(6);
  for (const { id, spec } of figures) {
    for (const [screen, most] of [
      ['wide', 900],
      ['narrow', 380],
    ] as const) {
      const svg = await renderSvg(spec, { idPrefix: id, screen });
      expect(Number(/ width="([\d.]+)"/.exec(svg)?.[1]), `${id}, ${screen}`).toBeLessThanOrEqual(
        most,
      );
    }
  }
}, 60_000);
