import { expect, test } from 'vitest';
import type { SimulationResult } from '../../lab/sim/result.ts';
import { renderSvg } from '../render.ts';
import { ranking, simulationFigures } from './figures.ts';
import { answerOf, simulationPage, tables } from './page.ts';
import { rowsCsv } from './write.ts';

const size = (policy: string, label: string, capacity: number, hits: number) => ({
  ...{ policy, size: label, unit: 'objects' as const, capacity, requests: 1000, hits },
  hitRatio: hits / 1000,
});

const RESULT: SimulationResult = {
  schema: 1,
  command: 'npm run lab -- sim sweep --generate zipf',
  seed: 1,
  source: {
    ...{ name: 'zipf <b>', requests: 1000, objects: 100, seconds: null, sample: 1 },
    notes: ['3 lines of the file could not be read & are left out.'],
  },
  sizes: [
    ...[size('lru', '1%', 1, 200), size('lru', '10%', 10, 500)],
    ...[size('sieve', '1%', 1, 300), size('sieve', '10%', 10, 600)],
    ...[size('belady', '1%', 1, 400), size('belady', '10%', 10, 700)],
  ],
  ttls: [10, 100].map((ttlSeconds) => ({
    ...{
      policy: 'cached',
      cache: null,
      ttlSeconds,
      hitRatio: 0.5,
      staleShare: 0.1,
      meanResidents: 50,
    },
    ...{ loadsPerSecond: 1000 / ttlSeconds, peakLoadsPerSecond: 2000 / ttlSeconds },
  })),
  curve: [],
  wallSeconds: { reading: 0.1, simulating: 0.2 },
};

test('the answer names the best policy and the bound, which never wins', () => {
  expect(ranking(RESULT.sizes).map(({ policy }) => policy)).toEqual(['belady', 'sieve', 'lru']);
  expect(answerOf(RESULT)).toBe(
    'With a cache of 1% sieve hits 30 %, the next, lru, 20 %; no policy can pass 40 %. TTLs from 10 s to 100 s ask the database for 100 to 10 loads a second.',
  );
});

test('both charts are drawn, and their titles are what was found', async () => {
  const figures = simulationFigures(RESULT);
  expect(figures.map(({ title }) => title)).toEqual([
    'At 1% sieve hits most: 30 %, LRU 20 %',
    '10 s cost 100 loads/s, 100 s 10',
  ]);
  for (const { spec, id } of figures)
    expect(await renderSvg(spec, { idPrefix: id, screen: 'narrow' })).toContain('<path');
});

test('a result with a single size or without TTLs has no chart of them', () => {
  const one = { ...RESULT, sizes: [size('lru', '1%', 1, 200)], ttls: [] };
  expect(simulationFigures(one)).toEqual([]);
  expect(tables(one).map(({ title }) => title)).toEqual(['Hit ratio by policy and size, in %']);
});

test('TTLs within sizes are a map of hit ratios', async () => {
  const row = RESULT.ttls[0]!;
  const ttls = [10, 600].flatMap((ttlSeconds, at) =>
    ['1%', '10%'].map((label, also) => ({
      ...{ ...row, ttlSeconds, cache: { policy: 'lru', size: label } },
      hitRatio: 0.2 + 0.3 * at + 0.1 * also,
    })),
  );
  const map = simulationFigures({ ...RESULT, sizes: [], ttls }).at(-1)!;
  expect(map.title).toBe('60 % of the reads hit with 10% and 10 min, 20 % in the poorest cell');
  expect(map.table.rows).toEqual([
    ['10 s', 20, expect.closeTo(30)],
    ['10 min', 50, expect.closeTo(60)],
  ]);
  expect(await renderSvg(map.spec, { idPrefix: map.id, screen: 'wide' })).toContain('10 min');
});

test('the page escapes what a trace is called, and shows its notes and the command', () => {
  const page = simulationPage(RESULT, []);
  expect(page).toContain('Simulation of zipf &lt;b&gt;');
  expect(page).toContain('could not be read &amp; are left out');
  expect(page).toContain('npm run lab -- sim sweep --generate zipf');
  expect(page).not.toContain('<script');
});

test('the CSV has one row a policy and size', () => {
  expect(rowsCsv(RESULT).split('\r\n').slice(0, 2)).toEqual([
    'policy,size,unit,capacity,requests,hits,hit_ratio',
    'lru,1%,objects,1,1000,200,0.2',
  ]);
  expect(rowsCsv({ ...RESULT, sizes: [] })).toMatch(/^policy,eviction,size,ttl_s/);
});
