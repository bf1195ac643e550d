import { expect, test } from 'vitest';
import { PageStats } from './page-stats.ts';

test('requests of the measured phase are counted apart from the others', () => {
  const stats = new PageStats();
  stats.served('measure', 'lao-zhang', 'hit', 3, 500);
  stats.served('measure', 'lao-zhang', 'miss', 4, 900_000);
  stats.served('other', 'lao-zhang', 'hit', 4, 400);
  stats.loaded('measure', 114, 0.9);
  expect(stats.phases.measure).toMatchObject({
    requests: 2,
    outcomes: { hit: 1, miss: 1 },
    loads: 1,
    selects: 114,
    errors: 0,
  });
  expect(stats.phases.other).toMatchObject({ requests: 1, outcomes: { hit: 1 }, loads: 0 });
  expect(stats.phases.measure.micros.totalCount).toBe(2);
  expect(stats.menuVersions.get('lao-zhang')).toBe(4);
  stats.stop();
});

test('a 503 is an error and shed, a 500 an error, a 404 neither', () => {
  const stats = new PageStats();
  stats.refused('other', 503, null, 1);
  stats.refused('other', 500, null, 1);
  stats.refused('other', 404, 'miss', 1);
  expect(stats.phases.other).toMatchObject({
    requests: 3,
    errors: 2,
    shed: 1,
    outcomes: { miss: 1 },
  });
  stats.stop();
});

test('a reset leaves nothing behind', () => {
  const stats = new PageStats();
  stats.served('other', 'a', 'hit', 1, 5);
  stats.reset();
  expect(stats.phases.other).toMatchObject({ requests: 0, outcomes: {} });
  expect(stats.phases.other.micros.totalCount).toBe(0);
  expect(stats.menuVersions.size).toBe(0);
  stats.stop();
});

test('an hour of waiting is kept as the longest that the histogram knows, 600 s', () => {
  const stats = new PageStats();
  stats.served('other', 'a', 'miss', 1, 3_600_000_000);
  expect(stats.phases.other.micros.maxValue / 1e6).toBeCloseTo(600, -1);
  stats.stop();
});

test('versions are kept for 20 slugs, however many are asked for', () => {
  const stats = new PageStats();
  for (let store = 0; store < 1000; store += 1) stats.served('other', `s${store}`, 'hit', 1, 5);
  expect(stats.menuVersions.size).toBe(20);
  stats.stop();
});
