import { describe, expect, test } from 'vitest';
import type { Sample, View } from '../contract.ts';
import { judgeChoice } from './choose.ts';
import { judgeDeadRedis } from './dead-redis.ts';
import { ageWithinMs, hitRatioIn, oldAnswersIn, selectsIn } from './figures.ts';
import { judgeFlood } from './flood.ts';
import { judgeHitRatio } from './hit-ratio.ts';
import { judgeLostChange } from './lost-change.ts';
import { judgeOldPrice } from './old-price.ts';
import { judgeOneLoad } from './one-load.ts';

const QUARTER: Sample = {
  id: 1,
  atMs: 0,
  spanMs: 250,
  requests: 2,
  errors: 0,
  p50Ms: 3,
  p99Ms: 9,
  hitRatio: 1,
  loadsInFlight: 0,
  waiting: 0,
  selectsPerSecond: 0,
  ageMaxMs: 1000,
  ageP50Ms: 1000,
  staleShare: 0,
  stalestMs: 0,
  loads: 0,
  redis: null,
};

/** Samples of 250 ms each from the time 0 on, with what differs in each. */
function samples(count: number, of: (index: number) => Partial<Sample> = () => ({})): Sample[] {
  return Array.from({ length: count }, (_, index) => ({
    ...QUARTER,
    id: index + 1,
    atMs: (index + 1) * 250,
    ...of(index),
  }));
}

const view = (price: number, queries = 0): View => ({
  atMs: 0,
  status: 200,
  outcome: queries === 0 ? 'hit' : 'miss',
  totalMs: 3,
  ageMs: 0,
  menuVersion: 1,
  price,
  queries: Array.from({ length: queries }, () => ({ table: 'products', micros: 8000 })),
});

describe('figures', () => {
  test('SELECTs are rates times times, old answers are shares of requests', () => {
    expect(selectsIn(samples(4, () => ({ selectsPerSecond: 114 })))).toBeCloseTo(114);
    expect(oldAnswersIn(samples(4, (at) => ({ staleShare: at < 2 ? 0.5 : null })))).toBe(2);
  });

  test('the hit ratio leaves out windows that began before, and weighs the others with their requests', () => {
    // The first 2 s speak of what was before: a ratio of 0 there does not count.
    expect(hitRatioIn(samples(16, (at) => ({ hitRatio: at < 7 ? 0 : 0.9 })))).toBeCloseTo(0.9);
    expect(hitRatioIn(samples(16, () => ({ hitRatio: null })))).toBeNull();
    const burst = samples(24, (at) => ({
      requests: at >= 16 ? 30 : 10,
      hitRatio: at === 15 ? 0.5 : at === 23 ? 0.9 : null,
    }));
    expect(hitRatioIn(burst)).toBeCloseTo((80 * 0.5 + 240 * 0.9) / 320);
  });

  test('95 of 100 answers stay within the age of the 95th', () => {
    const ages = samples(100, (at) => ({ requests: 1, ageMaxMs: (at + 1) * 100 }));
    expect(ageWithinMs(ages, 0.95)).toBe(9500);
    expect(
      ageWithinMs(
        samples(4, () => ({ ageMaxMs: null })),
        0.95,
      ),
    ).toBeNull();
  });
});

describe('exercise 2', () => {
  const room = samples(144, (at) => ({ hitRatio: 0.9, loads: at % 48 === 0 ? 5 : 0 }));

  test.each([
    [90, true],
    [93.5, true],
    [98, false],
    [85.5, false],
  ])('at 90 %% of hits the answer %f passes: %s', (answer, passed) => {
    expect(judgeHitRatio(room, answer)).toMatchObject({ passed });
  });

  test('without one view nothing passes', () => {
    const silent = samples(144, () => ({ requests: 0, hitRatio: null }));
    expect(judgeHitRatio(silent, 90).passed).toBe(false);
  });
});

describe('exercise 3', () => {
  /** Old for 10 s after an edit at 1 s, then new for 4 s. */
  const room = samples(60, (at) => ({ staleShare: at >= 4 && at < 44 ? 1 : 0 }));

  test('10 s of old prices pass for 10 and for 12 s, not for 5 or 0', () => {
    const passed = [10, 12, 5, 0].map((answer) => judgeOldPrice(room, 1000, answer).passed);
    expect(passed).toEqual([true, true, false, false]);
    expect(judgeOldPrice(room, 1000, 10).saw[0]).toContain('80 guests saw the old price');
    expect(judgeOldPrice(room, 1000, 10).saw[0]).toContain('the last 10.0 s after');
  });

  test('where nobody saw it 0 is right; where it does not end nothing is', () => {
    expect(judgeOldPrice(samples(20), 0, 0).passed).toBe(true);
    const endless = samples(60, () => ({ staleShare: 1 }));
    expect(judgeOldPrice(endless, 0, 15).passed).toBe(false);
  });
});

describe('exercise 4', () => {
  const seen = { hasListener: true, copied: view(150), after: view(120), price: 120 };

  test('passes with a copy before and the new price after, not with one of them', () => {
    expect(judgeLostChange(seen).passed).toBe(true);
    expect(judgeLostChange({ ...seen, after: view(150) }).passed).toBe(false);
    expect(judgeLostChange({ ...seen, copied: view(150, 114) }).passed).toBe(false);
  });

  test('a version in the key, one question for each hit, counts as a copy', () => {
    expect(judgeLostChange({ ...seen, copied: view(150, 1) }).passed).toBe(true);
  });
});

describe('exercise 5', () => {
  const expiry = (loads: number): Sample[] =>
    samples(16, (at) => ({ loads: at === 4 ? loads : 0 }));

  test('passes with 1 load at each of 3 expiries, not with 2, 0 or once 10', () => {
    expect(judgeOneLoad([expiry(1), expiry(1), expiry(1)]).passed).toBe(true);
    expect(judgeOneLoad([expiry(2), expiry(2), expiry(2)]).lookAt).toContain(
      'one for each process',
    );
    for (const loads of [2, 0, 10]) {
      expect(judgeOneLoad([expiry(1), expiry(loads), expiry(1)]).passed).toBe(false);
    }
  });
});

describe('exercise 6', () => {
  const before = samples(8);
  const during = (selectsPerSecond: number, requests = 27): Sample[] =>
    samples(36, () => ({ requests, selectsPerSecond }));

  test('1 SELECT for each request of the flood fails, 1 for a hundred passes', () => {
    expect(judgeFlood(before, during(100)).passed).toBe(false);
    expect(judgeFlood(before, during(1)).passed).toBe(true);
    expect(judgeFlood(before, during(1)).saw[0]).toBe(
      '900 requests of the flood ran 9 SELECTs: 0.01 each.',
    );
  });

  test('a room without a cache does not pass, nor one that the flood did not reach', () => {
    const uncached = samples(8, () => ({ selectsPerSecond: 570 }));
    expect(judgeFlood(uncached, during(571)).passed).toBe(false);
    expect(judgeFlood(before, during(0, 2)).passed).toBe(false);
  });
});

describe('exercise 7', () => {
  test('passes without a failed page and with p99 below 2 s', () => {
    const room = (change: Partial<Sample>): Sample[] =>
      samples(40, (at) => (at === 20 ? change : {}));
    expect(judgeDeadRedis(room({ p99Ms: 1900 })).passed).toBe(true);
    expect(judgeDeadRedis(room({ p99Ms: 2100 })).passed).toBe(false);
    expect(judgeDeadRedis(room({ errors: 1 })).passed).toBe(false);
    expect(judgeDeadRedis(samples(40, () => ({ requests: 0, p99Ms: null }))).passed).toBe(false);
  });
});

describe('exercise 8', () => {
  test('passes with 95 %% of answers at most 10 s old and 95 %% hits, not with one of them', () => {
    const room = (ageMaxMs: number, hitRatio: number): Sample[] =>
      samples(128, () => ({ ageMaxMs, hitRatio }));
    expect(judgeChoice(room(9900, 0.96)).passed).toBe(true);
    expect(judgeChoice(room(10_100, 0.96)).passed).toBe(false);
    expect(judgeChoice(room(9900, 0.94)).passed).toBe(false);
    expect(judgeChoice(samples(128, () => ({ ageMaxMs: null, hitRatio: null }))).passed).toBe(
      false,
    );
  });
});
