import { describe, expect, test } from 'vitest';
import { seededRandom } from '../seeded-random.ts';
import {
  keyFlows,
  type KeyModel,
  poissonTimes,
  rateForHitRatio,
  renewalHitRatio,
  simulateKey,
  sumFlows,
} from './hit-ratio.ts';

const KEY: KeyModel = {
  ratePerSecond: 2,
  ttlSeconds: 1,
  loadSeconds: 0,
  coalesced: false,
  updatesPerSecond: 0,
  invalidated: false,
};

/** Shares of all requests of a long simulation, after the start-up. */
function simulated(key: KeyModel, seconds = 60_000): Record<string, number> {
  const random = seededRandom(JSON.stringify(key));
  const reads = simulateKey({ ...key, seconds }, random).filter(
    ({ startSeconds }) => startSeconds > 10 * key.ttlSeconds,
  );
  const share = (count: number): number => count / reads.length;
  return {
    hits: share(reads.filter(({ outcome }) => outcome === 'hit').length),
    misses: share(reads.filter(({ outcome }) => outcome === 'miss').length),
    coalesced: share(reads.filter(({ outcome }) => outcome === 'coalesced').length),
    stale: share(reads.filter(({ stale }) => stale).length),
  };
}

describe('the closed forms', () => {
  test('λT = 1 gives half, λT = 3,332 gives 99.97 %', () => {
    expect(renewalHitRatio(1, 1)).toBe(0.5);
    expect(renewalHitRatio(3332 / 3600, 3600)).toBeCloseTo(0.9997, 6);
  });

  test.each([0.01, 0.5, 10])(
    'with loads of no time they are the renewal form at λ = %d',
    (rate) => {
      for (const coalesced of [true, false]) {
        const { hits, misses } = keyFlows({ ...KEY, ratePerSecond: rate, coalesced });
        expect(hits / rate).toBeCloseTo(renewalHitRatio(rate, KEY.ttlSeconds), 12);
        expect(hits + misses).toBeCloseTo(rate, 12);
      }
    },
  );

  test('changes that delete a copy without end give λ / (λ + u)', () => {
    const key = { ...KEY, ttlSeconds: 1e9, updatesPerSecond: 0.5, invalidated: true };
    expect(keyFlows(key).hits / 2).toBeCloseTo(2 / 2.5, 9);
  });

  test('each request is a hit, a miss or shares a load, whatever the model', () => {
    for (const coalesced of [true, false]) {
      for (const invalidated of [true, false]) {
        const key = { ...KEY, loadSeconds: 0.3, updatesPerSecond: 0.7, coalesced, invalidated };
        const { requests, hits, misses, coalesced: waiting } = keyFlows(key);
        expect(hits + misses + waiting).toBeCloseTo(requests, 12);
      }
    }
  });

  test('a load that takes as long as the copy may live leaves no hit to its readers', () => {
    expect(keyFlows({ ...KEY, loadSeconds: 1, coalesced: true }).hits).toBe(0);
  });

  test('a key without requests has no flows', () => {
    expect(keyFlows({ ...KEY, ratePerSecond: 0 }).hits).toBe(0);
  });
});

describe('the simulation', () => {
  const cases: [string, Partial<KeyModel>][] = [
    ['loads of no time', {}],
    ['shared loads of 0.3 s', { loadSeconds: 0.3, coalesced: true }],
    ['loads of 0.3 s that are not shared', { loadSeconds: 0.3 }],
    ['20 requests per load that are not shared', { ratePerSecond: 50, loadSeconds: 0.4 }],
    ['changes every 2 s that delete the copy', { updatesPerSecond: 0.5, invalidated: true }],
    [
      'changes that delete, and shared loads of 0.3 s',
      { updatesPerSecond: 0.5, invalidated: true, loadSeconds: 0.3, coalesced: true },
    ],
    [
      'changes that delete, and loads of 0.02 s that are not shared',
      { updatesPerSecond: 0.5, invalidated: true, loadSeconds: 0.02 },
    ],
    ['changes every 2 s that nobody acts on', { updatesPerSecond: 0.5 }],
    [
      'changes that nobody acts on, and shared loads of 0.3 s',
      { updatesPerSecond: 0.5, loadSeconds: 0.3, coalesced: true },
    ],
  ];
  test.each(cases)('agrees with the closed form within 0.7 points: %s', (_, change) => {
    const key = { ...KEY, ...change };
    const flows = keyFlows(key);
    const found = simulated(key, key.ratePerSecond > 10 ? 5_000 : 60_000);
    for (const name of ['hits', 'misses', 'coalesced', 'stale'] as const) {
      expect(Math.abs(found[name]! - flows[name] / flows.requests), name).toBeLessThan(0.007);
    }
  });

  test('late copies renew the life: loads of 0.3 s that are not shared give more hits than their load time leaves', () => {
    const key = { ...KEY, ratePerSecond: 20, loadSeconds: 0.3 };
    const alone = (20 * 0.7) / (20 * 0.7 + 1 + 20 * 0.3);
    expect(simulated(key, 5_000)['hits']! - alone).toBeGreaterThan(0.03);
  });

  test('load times that vary between 0 and 0.6 s give nearly the same as 0.3 s always', () => {
    const random = seededRandom('load times');
    const reads = simulateKey(
      { ...KEY, loadSeconds: () => 0.6 * random(), seconds: 40_000 },
      random,
    );
    const hits = reads.filter(({ outcome }) => outcome === 'hit').length / reads.length;
    const constant = keyFlows({ ...KEY, loadSeconds: 0.3 });
    expect(Math.abs(hits - constant.hits / constant.requests)).toBeLessThan(0.02);
  });

  test('one seed gives one history, and a reset loses one copy', () => {
    const run = (seed: string, resetSeconds?: number): string =>
      JSON.stringify(
        simulateKey(
          {
            ...KEY,
            ratePerSecond: 50,
            ttlSeconds: 100,
            seconds: 10,
            ...(resetSeconds === undefined ? {} : { resetSeconds }),
          },
          seededRandom(seed),
        ),
      );
    expect(run('a')).toBe(run('a'));
    expect(run('a')).not.toBe(run('b'));
    expect(run('a').match(/"miss"/g)).toHaveLength(1);
    expect(run('a', 5).match(/"miss"/g)).toHaveLength(2);
  });

  test('a Poisson stream of 100/s over 200 s has 20,000 moments, give or take 4 standard deviations, in order', () => {
    const times = poissonTimes(100, 200, seededRandom('stream'));
    expect(Math.abs(times.length - 20_000)).toBeLessThan(4 * Math.sqrt(20_000));
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });
});

test('flows of several keys add up', () => {
  const other = { ...KEY, ratePerSecond: 8 };
  expect(sumFlows([KEY, other]).hits).toBeCloseTo(keyFlows(KEY).hits + keyFlows(other).hits, 12);
});

test('99.97 % with a TTL of 1 h needs 0.93 requests/s for loads of no time, 4.8 for loads of 0.87 s, and no rate will do for 2 s', () => {
  const rate = (loadSeconds: number): number =>
    rateForHitRatio(0.9997, { ttlSeconds: 3600, loadSeconds });
  expect(rate(0)).toBeCloseTo(0.9256, 4);
  expect(rate(0.87)).toBeCloseTo(4.76, 2);
  expect(rate(2)).toBe(Number.POSITIVE_INFINITY);
});
