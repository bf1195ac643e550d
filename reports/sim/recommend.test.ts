import { expect, test } from 'vitest';
import type { RecommendationResult, RecommendationRow } from '../../lab/sim/result.ts';
import { renderSvg } from '../render.ts';
import { memoryText, recommendationAnswer, timeText } from './recommend-answer.ts';
import { recommendationFigures } from './recommend-figures.ts';
import { recommendationTables } from './recommend-tables.ts';
import { gridCsv, recommendationPage } from './recommend.ts';

const MB = 2 ** 20;

function row(change: Partial<RecommendationRow>): RecommendationRow {
  return {
    ...{ way: 'cached', ttlMs: 26_000, jitter: 0.1, boundMs: 29_470, memoryBytes: 64 * MB },
    ...{ policy: 'allkeys-lru', hitRatio: 0.8, loadsPerSecond: 2, selectsPerRead: 22.8 },
    ...{ peakSelectsPerSecond: 570, peakOverMean: 2.5, staleShare: 0.1, longestStaleMs: 20_000 },
    residentBytes: 50 * MB,
    ...change,
  };
}

const CHOSEN = row({});
const ROWS = [
  ...[CHOSEN, row({ policy: 'allkeys-lfu', loadsPerSecond: 2.1 })],
  row({ ttlMs: 10_000, boundMs: 11_870, loadsPerSecond: 4, peakSelectsPerSecond: 900 }),
  row({ memoryBytes: 32 * MB, loadsPerSecond: 3 }),
  row({ way: 'swr', ttlMs: 22_000, boundMs: 29_470, hitRatio: 0.9, loadsPerSecond: 2.5 }),
];

const RESULT: RecommendationResult = {
  schema: 1,
  command: 'npm run lab -- sim recommend --trace a.log --max-stale 30s --memory 512mb',
  seed: 1,
  source: {
    ...{ name: 'a <b>.log', requests: 1000, objects: 100, seconds: 100, sample: 1 },
    notes: ['The trace has no sizes & none were given.'],
  },
  asked: {
    ...{ maxStaleMs: 30_000, memoryBytes: 512 * MB, dbRps: 600, selectsPerLoad: 114 },
    ...{ loadMs: 870, invalidation: false, processes: 1, updateRate: 0, warm: 0.2 },
  },
  stampede: { hottestPerSecond: 14, loadsPerExpiry: 13.18, defence: 'single-flight', defended: 1 },
  avalanche: { copies: 1000, perSecond: 192 },
  policy: { preset: 'cached', overrides: { ttlMs: 26_000, jitter: 0.1, coalesce: 'process' } },
  redisConf: ['maxmemory 64mb', 'maxmemory-policy allkeys-lru', 'maxmemory-samples 5'],
  invalidation: 'None: an old page may be sent.',
  wallSeconds: { reading: 0.1, simulating: 0.2 },
  chosen: CHOSEN,
  expected: {
    hitRatio: { low: 0.78, high: 0.82 },
    loadsPerSecond: { low: 1.9, high: 2.1 },
  },
  bindings: [],
  byWay: [CHOSEN, ROWS[4]!],
  front: ROWS.filter(({ policy }) => policy === 'allkeys-lru'),
  whatIf: [
    { change: 'the traffic doubles', ...row({ peakSelectsPerSecond: 1140 }), bearable: false },
  ],
  rows: ROWS,
};

const NOTHING: RecommendationResult = {
  ...RESULT,
  ...{ chosen: null, expected: null, avalanche: null, policy: null, redisConf: [], whatIf: [] },
  asked: { ...RESULT.asked, dbRps: 100 },
};

test('the answer says what to set and what it costs, with interval, limit and promise', () => {
  expect(recommendationAnswer(RESULT)).toBe(
    'Preset cached with a TTL of 26 s ± 10 %, allkeys-lru in 64mb, stampede defence: single-flight. It hits 80 % [78 %, 82 %] and asks for 2 loads a second: 228 SELECTs/s, in the fullest second 570 of the 600 allowed. No page is older than 29.5 s as promised; in the trace 10 % of the reads were old, by 20 s at most.',
  );
});

test('without an answer it says what binds, and what would do instead', () => {
  const bindings: RecommendationResult['bindings'] = [
    { constraint: 'db-rps', needed: 570.2, row: CHOSEN },
    { constraint: 'max-stale', needed: 1_100_870, row: row({ ttlMs: 1_000_000 }) },
    { constraint: 'memory', needed: 1024 * MB, row: row({ memoryBytes: 1024 * MB }) },
  ];
  expect(recommendationAnswer({ ...NOTHING, bindings })).toBe(
    'No TTL meets --db-rps 100: the best asks for 570 SELECTs in its fullest second (cached, TTL 26 s, allkeys-lru in 64mb). Any one of these would do: --db-rps 571; --max-stale 1100.9s (cached, TTL 16.7 min, allkeys-lru in 64mb); --memory 1gb (cached, TTL 26 s, allkeys-lru in 1gb). --db-rps, --max-stale and --memory bind.',
  );
  expect(recommendationAnswer({ ...NOTHING, bindings: bindings.slice(1, 2), byWay: [] })).toBe(
    'No way to stay fresh promises --max-stale 30s here: the shortest promise is longer. What would do: --max-stale 1100.9s (cached, TTL 16.7 min, allkeys-lru in 64mb). --max-stale is what binds.',
  );
  const thousands = { ...NOTHING, asked: { ...NOTHING.asked, dbRps: 2000 } };
  expect(recommendationAnswer(thousands)).toBe(
    'Nothing meets both --max-stale 30s and --db-rps 2000: no single one of them is in the way, both have to give.',
  );
});

test('each setting stands with what its neighbours would cost', () => {
  const [choices, byWay, whatIf, front] = recommendationTables(RESULT);
  const costs = Object.fromEntries(choices!.table.rows.map(([name, , why]) => [name, why]));
  expect(costs).toEqual({
    preset:
      '2 loads/s, 20 % of the readers wait for one; swr 2.5 loads/s and 10 % waiting. None: an old page may be sent.',
    TTL: '2 loads/s, old for 29.5 s at most; 10 s would cost 4 loads/s',
    jitter:
      'were all 1,000 copies made at one moment, up to 192 of them would end in a second instead of all; lives differ from 23.4 s to 28.6 s',
    maxmemory: 'copies take 50mb at most; allowed are 512mb; 32mb would cost 3 loads/s',
    'maxmemory-policy': 'allkeys-lfu 2.1 loads/s',
    'stampede defence':
      '1 + λΔ = 1 + 14/s × 870 ms = 13.2 loads each time the hottest key ends, with it 1; the others wait',
  });
  expect(byWay!.table.rows.map((cells) => cells.at(-1))).toEqual(['chosen', '']);
  expect(whatIf!.table.rows[0]!.at(-1)).toBe('no');
  expect(front!.table.rows).toHaveLength(4);
});

test('without an answer the tables show what there is', () => {
  expect(recommendationTables(NOTHING).map(({ title }) => title)).toEqual([
    'Each way to stay fresh at its best',
    'The front: nothing asks for less, is fresher, smaller and lets fewer wait',
  ]);
});

test('three charts are drawn, with the limit as a line of its own; without changes two', async () => {
  const figures = recommendationFigures(RESULT);
  expect(figures.map(({ id }) => id)).toEqual([
    ...['recommend-ttl', 'recommend-front', 'recommend-trade-offs'],
  ]);
  expect(figures[0]!.title).toBe('cached with 26 s: 570 SELECTs in the fullest second');
  expect(JSON.stringify(figures[0]!.spec)).toContain('--db-rps');
  for (const { spec, id } of figures)
    expect(await renderSvg(spec, { idPrefix: id, screen: 'narrow' })).toContain('<path');
  const still = RESULT.front.map((one) => ({ ...one, staleShare: null, longestStaleMs: null }));
  const without = { ...RESULT, front: still, chosen: still[0]! };
  expect(recommendationFigures(without).map(({ id }) => id)).toHaveLength(2);
});

test('the page holds policy and redis.conf, escaped, and the command', () => {
  const page = recommendationPage(RESULT, []);
  expect(page).toContain('A cache for a &lt;b&gt;.log');
  expect(page).toContain('&quot;preset&quot;: &quot;cached&quot;');
  expect(page).toContain('maxmemory-policy allkeys-lru');
  expect(page).toContain('npm run lab -- sim recommend --trace a.log');
  expect(page).not.toContain('<script');
  expect(recommendationPage(NOTHING, [])).not.toContain('For redis.conf');
});

test('the CSV has one row a point of the grid', () => {
  const lines = gridCsv(RESULT).trim().split('\r\n');
  expect(lines).toHaveLength(1 + ROWS.length);
  expect(lines[0]).toMatch(/^preset,ttl_ms,jitter,promised_ms,maxmemory_bytes,maxmemory_policy,/);
  expect(lines[1]).toBe(
    'cached,26000,0.1,29470,67108864,allkeys-lru,0.8,2,22.8,570,2.5,0.1,20000,52428800',
  );
});

test('times and memory are said as people say them', () => {
  expect([870, 1000, 26_000, 119_000, 120_000, 3_600_000, 172_800_000].map(timeText)).toEqual([
    ...['870 ms', '1 s', '26 s', '119 s', '2 min', '1 h', '2 d'],
  ]);
  expect([64 * MB, 1536 * MB, 4.5 * MB].map(memoryText)).toEqual(['64mb', '1.5gb', '4.5mb']);
});
