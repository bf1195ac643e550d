import { describe, expect, test } from 'vitest';
import type { ExperimentAnalysis } from '../../lab/result.ts';
import type { Figure } from '../figure.ts';
import { fixtureRun } from '../fixtures/run.ts';
import { scenarioCharts } from '../scenario-charts.ts';
import { logDomain, logTicks } from './axes.ts';
import { capacityText } from './capacity.ts';
import { cpuMicros } from './cpu.ts';
import { shareWithin } from './ecdf.ts';
import { forest } from './forest.ts';
import { percentilePlot, quantileText } from './percentiles.ts';
import { queryStrip } from './queries.ts';
import { sweepPoints } from './rate-sweep.ts';
import { spread, thin } from './series.ts';
import { timeline } from './timeline.ts';
import { trialStrip } from './trial-strip.ts';

const { run } = fixtureRun();

function experiment(name: string): ExperimentAnalysis {
  const found = run.experiments.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`the fixture has no ${name}`);
  return structuredClone(found);
}

/** Every inline row of a spec, however deep. */
function rowsOf(node: unknown): Record<string, unknown>[] {
  if (typeof node !== 'object' || node === null) return [];
  if ('data' in node && typeof node.data === 'object' && node.data !== null) {
    const { data, ...rest } = node;
    const own = 'values' in data && Array.isArray(data.values) ? data.values : [];
    return [...own, ...rowsOf(rest)];
  }
  return Object.values(node).flatMap(rowsOf);
}

function drawn(figure: Figure | null): Figure {
  if (figure === null) throw new Error('no figure');
  return figure;
}

const title = { title: 'a finding' };

describe('axes', () => {
  test.each([
    [
      [2.1, 870],
      [2, 1000],
    ],
    [
      [0.003, 0.0031],
      [0.001, 0.01],
    ],
    [[1000], [500, 2000]],
    [[], [1, 10]],
  ])('the log domain of %j is %j', (values, domain) => expect(logDomain(values)).toEqual(domain));

  test('ticks are 1-2-5, and powers of ten alone over many decades', () => {
    expect(logTicks([2, 100])).toEqual([2, 5, 10, 20, 50, 100]);
    expect(logTicks([0.01, 10_000])).toEqual([0.01, 0.1, 1, 10, 100, 1000, 10_000]);
  });

  test('labels keep their order and a gap of 16 px inside the plot', () => {
    expect(spread([100, 101, 99, 5], 16, 280)).toEqual([115, 131, 99, 5]);
    expect(spread([280, 280, 280], 16, 280)).toEqual([248, 264, 280]);
  });

  test('thinning 1,000 points to 140 keeps the first and the last', () => {
    const points = thin(
      Array.from({ length: 1000 }, (_, index) => index),
      140,
    );
    expect(points.length).toBeLessThanOrEqual(140);
    expect([points[0], points.at(-1)]).toEqual([0, 999]);
  });
});

describe('percentile plot', () => {
  test('99 % stands at 100 and 90 % at 10 on the stretched axis', () => {
    const analysis = experiment('latency');
    const arm = analysis.arms[0]!;
    arm.curve = [0, 0.9, 0.99].map((q, index) => ({ q, ms: index + 1 }));
    analysis.arms = [arm];
    const tails = rowsOf(drawn(percentilePlot(analysis, title)).spec).map(({ tail }) => tail);
    expect(tails).toContain(10);
    expect(tails).toContain(100);
  });

  test('a quantile among dropped arrivals is unknown, not a time', () => {
    const few = experiment('coordinated-omission').arms.find(({ arm }) => arm === 'open-few')!;
    expect(quantileText(few, 0.99)).toBe('unknown: lies among arrivals that never started');
    const figure = drawn(percentilePlot(experiment('coordinated-omission'), title));
    expect(figure.description).toContain('open-few: p50 2.54 ms, unknown from p90');
  });

  test('a quantile with fewer than 10 slower requests says so', () => {
    const r10 = experiment('queueing').arms.find(({ arm }) => arm === 'r10')!;
    expect(quantileText(r10, 0.99)).toBe('too few requests');
  });
});

describe('share within a budget', () => {
  test('a curve that ends before 200 ms gives a lower bound', () => {
    const [uncached, , cached] = experiment('latency').arms;
    expect(shareWithin(uncached!, 200)).toBe('0 %');
    expect(shareWithin(cached!, 200)).toBe('at least 99.79 %');
    expect(shareWithin({ ...cached!, curve: [] }, 200)).toBeNull();
  });
});

describe('forest', () => {
  test('each drawn row has its interval, and a comparison without rounds stays in the table only', () => {
    const { comparisons, ...rest } = experiment('latency');
    comparisons[1] = { ...comparisons[1]!, ratio: null, rounds: 0 };
    const figure = drawn(forest({ comparisons, ...rest }, { ...title, comparisons }));
    const rows = rowsOf(figure.spec).filter((row) => 'low' in row);
    expect(new Set(rows.map(({ row }) => row)).size).toBe(comparisons.length - 1);
    for (const row of rows) expect(Number(row['low'])).toBeLessThan(Number(row['high']));
    expect(figure.table.rows).toHaveLength(comparisons.length);
    expect(figure.description).not.toContain('joined to uncached');
  });

  test('without one ratio there is no chart', () => {
    const analysis = experiment('latency');
    const comparisons = analysis.comparisons.map((one) => ({ ...one, ratio: null }));
    expect(forest(analysis, { ...title, comparisons })).toBeNull();
  });
});

describe('timeline', () => {
  test('five price updates of 12 trials are five marks', () => {
    const rows = rowsOf(drawn(timeline(experiment('latency'), title)).spec);
    const events = rows.filter(({ kind }) => kind === 'event');
    expect(events.map(({ second }) => second)).toEqual([3, 7, 11, 15, 19]);
  });

  test('where no second has a p99 the slowest request is drawn, and a second without requests is not', () => {
    const analysis = experiment('latency');
    analysis.arms[0]!.timeline[4] = { second: 4, p50Ms: 0, p99Ms: null, requests: 0 };
    const figure = drawn(timeline(analysis, title));
    expect(figure.subtitle).toContain('the slowest request');
    const uncached = rowsOf(figure.spec).filter(({ arm }) => arm === 'uncached');
    expect(uncached.some(({ second }) => second === 4)).toBe(false);
    expect(uncached.every(({ ms }) => Number(ms) > 0)).toBe(true);
  });
});

describe('queries', () => {
  test('114 ticks for the naive page, 1 for the joined one, 0 for a hit', () => {
    const ticks = rowsOf(drawn(queryStrip(experiment('latency'), title)).spec).filter(
      (row) => 'at' in row,
    );
    const count = (arm: string) => ticks.filter((row) => row['arm'] === arm).length;
    expect([count('uncached'), count('joined'), count('cached')]).toEqual([114, 1, 0]);
  });

  test('without Postgres’ own count the label says "one witness"', () => {
    const analysis = experiment('latency');
    analysis.arms[0]!.selectsPerPage.postgres = null;
    expect(drawn(queryStrip(analysis, title)).description).toContain('114 (one witness)');
  });
});

describe('trials', () => {
  test('72 valid dots and 2 crosses in run order', () => {
    const figure = drawn(trialStrip(experiment('latency')));
    const rows = rowsOf(figure.spec).filter((row) => 'order' in row);
    expect(rows.filter(({ kind }) => kind === 'valid')).toHaveLength(72);
    expect(rows.filter(({ kind }) => kind === 'invalid').map(({ order }) => order)).toEqual([
      10, 32,
    ]);
    expect(figure.title).toBe('2 of 74 trials are invalid and left out of every figure');
    expect(figure.table.rows.map(([order]) => order)).toEqual(
      Array.from({ length: 74 }, (_, index) => index + 1),
    );
  });
});

describe('rates', () => {
  test('arms of a sweep stand in the order of their rates, other arms are left out', () => {
    const analysis = experiment('queueing');
    analysis.arms.reverse();
    analysis.arms.push({ ...analysis.arms[0]!, arm: 'other' });
    expect(sweepPoints(analysis).map(({ ratePerSecond }) => ratePerSecond)).toEqual([
      10, 30, 50, 60, 70,
    ]);
  });

  test('a search that the generator limited is a lower bound', () => {
    const arms = experiment('capacity').arms;
    const text = (name: string) => capacityText(arms.find(({ arm }) => arm === name)!);
    expect(text('static')).toBe('at least 2,478/s (generator-limited)');
    expect(text('cached')).toMatch(/^1,668\/s \[.*\], limited by the server$/);
    expect(text('uncached')).toBe('not searched');
  });
});

test('CPU per page is the sum of the groups, or the one measure that is', () => {
  const [uncached] = experiment('latency').arms;
  expect(cpuMicros(uncached!)).toBeCloseTo(21_200, -3);
  const together = { value: 5, interval: null, n: 1 };
  expect(cpuMicros({ ...uncached!, measures: { cpuMicrosPerPage: together } })).toBe(5);
  expect(cpuMicros({ ...uncached!, measures: {} })).toBeNull();
});

describe.each(run.experiments.map(({ name }) => name))('figures of %s', (name) => {
  test('each has a unique id, a finding, a sentence and a table as wide as its head', async () => {
    const figures = await scenarioCharts(experiment(name));
    expect(figures.length).toBeGreaterThan(1);
    expect(new Set(figures.map(({ id }) => id)).size).toBe(figures.length);
    for (const { id, title: finding, description, table } of figures) {
      expect(id.startsWith(`${name}-`)).toBe(true);
      expect(finding).toMatch(/\S/);
      expect(description).toMatch(/\.$/);
      expect(table.rows.length).toBeGreaterThan(0);
      for (const row of table.rows) expect(row).toHaveLength(table.columns.length);
    }
  });

  test('without one valid trial it draws nothing that needs data, and does not fail', async () => {
    const analysis = experiment(name);
    analysis.comparisons = [];
    analysis.arms = analysis.arms.map((arm) => ({
      ...arm,
      trials: { valid: 0, invalid: 1, failed: 0, repeated: 0 },
      requests: 0,
      curve: [],
      timeline: [],
      quantiles: arm.quantiles.map(({ q }) => ({ q, ms: null, censored: false })),
      measures: {},
      selectsPerPage: { server: null, postgres: null },
      strip: [],
      search: null,
    }));
    expect(await scenarioCharts(analysis)).toEqual([]);
  });
});
