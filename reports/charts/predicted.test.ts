import { expect, test } from 'vitest';
import type { Estimate } from '../../lab/result.ts';
import type { Figure } from '../figure.ts';
import { renderSvg } from '../render.ts';
import { predicted, type PredictedPoint } from './predicted.ts';

const analysis = { name: 'simulator' };
const text = { id: 'x', title: 'a finding', subtitle: 'Method.', axis: 'loads' };

const within = (value: number, half: number): Estimate => ({
  value,
  interval: { low: value - half, high: value + half, level: 0.95 },
  n: 1,
});

const points: PredictedPoint[] = [
  { label: 'lease', predicted: within(1, 0), measured: within(1, 0), agrees: true },
  { label: 'cached', predicted: within(26, 3), measured: within(25, 4), agrees: true },
  {
    label: 'a lock that is leaking all day',
    predicted: within(1, 0.1),
    measured: within(3, 1),
    agrees: false,
  },
  { label: 'another', predicted: within(1.1, 0.1), measured: within(3, 1), agrees: false },
  {
    label: 'xfetch',
    predicted: within(2, 1),
    measured: { value: 5, interval: null, n: 1 },
    agrees: null,
  },
];

function drawn(figure: Figure | null): Figure {
  if (figure === null) throw new Error('no figure');
  return figure;
}

/** Rows of the layer whose mark has this type, the n-th of them. */
function rowsOf({ spec }: Figure, type: string, n = 0): Record<string, unknown>[] {
  if (!('layer' in spec)) throw new Error('no layers');
  const layers: { mark?: unknown; data?: { values?: unknown } }[] = [...(spec.layer as [])];
  const own = layers.filter(({ mark }) => (mark as { type: string }).type === type);
  return own[n]!.data!.values as Record<string, unknown>[];
}

test('is null without a point', () => {
  expect(predicted(analysis, { ...text, points: [] })).toBeNull();
});

test('both axes have one domain, and the diagonal runs from end to end', () => {
  const figure = drawn(predicted(analysis, { ...text, spacing: 'log', points }));
  const [from, to] = rowsOf(figure, 'line');
  expect(from!['x']).toBe(from!['y']);
  expect(to!['x']).toBe(to!['y']);
  expect(to!['x']).toBeGreaterThanOrEqual(29);
});

test('has a bar for each band and each interval that is wider than nothing', () => {
  const figure = drawn(predicted(analysis, { ...text, points }));
  expect(rowsOf(figure, 'rule', 0)).toHaveLength(4);
  expect(rowsOf(figure, 'rule', 1)).toHaveLength(3);
});

test('of few points all have their names, none over another; of many the outliers alone', () => {
  const few = rowsOf(drawn(predicted(analysis, { ...text, points })), 'text');
  expect(few).toHaveLength(5);
  const places = few.map(({ labelY }) => Number(labelY)).sort((a, b) => a - b);
  places.slice(1).forEach((place, at) => expect(place).toBeGreaterThan(places[at]!));
  const many = [...points, ...Array.from({ length: 4 }, () => points[0]!)];
  const outliers = rowsOf(drawn(predicted(analysis, { ...text, points: many })), 'text');
  expect(outliers.map(({ label }) => label)).toEqual(['a lock that is leaking al…', 'another']);
});

test('2 of 4 judged points lie outside: the sentence and the table say which', () => {
  const figure = drawn(predicted(analysis, { ...text, points }));
  expect(figure.description).toBe(
    '2 of 4 as predicted; 1 point not judged; a lock that is leaking all day: 3 measured, 1 predicted; another: 3 measured, 1.1 predicted.',
  );
  expect(figure.table.rows.map((row) => row.at(-1))).toEqual([
    ...['as predicted', 'as predicted', 'outside', 'outside', 'not judged'],
  ]);
});

test('shares are told in per cent', () => {
  const share = {
    label: 'all',
    predicted: within(0.5, 0.01),
    measured: within(0.6, 0.01),
    agrees: false,
  };
  const figure = drawn(predicted(analysis, { ...text, share: true, points: [share] }));
  expect(figure.description).toBe('0 of 1 as predicted; all: 60 % measured, 50 % predicted.');
});

test.each([
  ['wide', 900],
  ['narrow', 380],
] as const)('on a %s screen it is at most %i px wide', async (screen, most) => {
  for (const spacing of ['linear', 'log'] as const) {
    const figure = drawn(predicted(analysis, { ...text, spacing, points }));
    const svg = await renderSvg(figure.spec, { idPrefix: 'p', screen });
    expect(Number(/ width="([\d.]+)"/.exec(svg)?.[1])).toBeLessThanOrEqual(most);
  }
});
