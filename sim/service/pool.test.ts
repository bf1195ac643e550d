import { describe, expect, test } from 'vitest';
import type { Distribution } from './distribution.ts';
import type { ServiceOutcome } from './outcome.ts';
import { simulateService } from './service.ts';
import type { Pool } from './setting.ts';

/** Every request loads: the pool is a queue with as many servers as connections. */
function queue(ratePerSecond: number, ms: Distribution, pool: Partial<Pool>): ServiceOutcome {
  return simulateService({
    policy: { preset: 'uncached' },
    arrivals: { kind: 'poisson', ratePerSecond },
    load: { kind: 'whole', ms, selects: 1 },
    pool: { connections: 1, maxWaitMs: null, maxWaiting: 0, ...pool },
    durationMs: (300_000 / ratePerSecond) * 1000,
    seed: 4,
  });
}

/** Erlang's formula C: the mean wait in ms of M/M/c, from the offered load by Erlang's recursion for B. */
function erlangWaitMs(ratePerSecond: number, meanMs: number, servers: number): number {
  const offered = (ratePerSecond * meanMs) / 1000;
  let blocked = 1;
  for (let n = 1; n <= servers; n += 1) blocked = (offered * blocked) / (n + offered * blocked);
  const waits = blocked / (1 - (offered / servers) * (1 - blocked));
  return (waits * meanMs) / (servers - offered);
}

describe('the mean wait for a connection', () => {
  test.each([
    [1, 6],
    [4, 26],
    [20, 150],
  ])('is Erlang’s with %i connections, within 2 %%', (connections, ratePerSecond) => {
    const outcome = queue(ratePerSecond, { kind: 'exponential', meanMs: 100 }, { connections });
    const expected = erlangWaitMs(ratePerSecond, 100, connections);
    expect(Math.abs(outcome.poolWaitMs!.mean / expected - 1)).toBeLessThan(0.02);
  });

  test('is half as long where all loads take 100 ms (M/D/1), within 2 %', () => {
    const outcome = queue(6, { kind: 'fixed', ms: 100 }, {});
    const expected = (0.6 * 100) / (2 * (1 - 0.6));
    expect(Math.abs(outcome.poolWaitMs!.mean / expected - 1)).toBeLessThan(0.02);
  });
});

describe('a bounded queue', () => {
  const burst = (pool: Pool, preset = 'uncached', processes = 1): ServiceOutcome =>
    simulateService({
      policy: { preset },
      arrivals: { kind: 'burst', readers: 10, atMs: 0 },
      load: { kind: 'whole', ms: { kind: 'fixed', ms: 100 }, selects: 10 },
      ...{ pool, processes, durationMs: 10_000, seed: 1 },
    });

  test('turns those away at once who find it full', () => {
    const { outcomes, shed, responseMs, perSecond } = burst({
      ...{ connections: 2, maxWaiting: 3, maxWaitMs: 60_000 },
    });
    expect(outcomes).toMatchObject({ bypass: 5, failed: 5 });
    expect(shed).toBe(5);
    expect([responseMs!.p50, responseMs!.max]).toEqual([0, 300]);
    expect([perSecond.failed[0], perSecond.selects[0]]).toEqual([5, 50]);
  });

  test('turns those away after 150 ms who have waited for so long', () => {
    const { outcomes, responseMs } = burst({ connections: 2, maxWaiting: 9, maxWaitMs: 150 });
    expect(outcomes).toMatchObject({ bypass: 4, failed: 6 });
    expect([responseMs!.p50, responseMs!.max]).toEqual([150, 200]);
  });

  test('gives each process connections of its own', () => {
    const pool = { connections: 2, maxWaiting: 0, maxWaitMs: 100 };
    expect(burst(pool, 'uncached', 4).outcomes.failed).toBe(2);
  });

  test('fails one load, and with it all who wait for it: a lock tells them, a flight takes them along', () => {
    // The only connection is taken by a page that nobody else wants.
    const outcome = (preset: string): ServiceOutcome =>
      simulateService({
        policy: { preset },
        arrivals: { kind: 'measured', timesMs: [0, 10, 11, 12] },
        popularity: { kind: 'measured', ids: Int32Array.from([0, 1, 1, 1]), keys: 2 },
        load: { kind: 'whole', ms: { kind: 'fixed', ms: 1000 }, selects: 1 },
        pool: { connections: 1, maxWaiting: 5, maxWaitMs: 200 },
        durationMs: 5000,
        seed: 1,
      });
    for (const preset of ['lock', 'lease', 'single-flight', 'lock+single-flight'])
      expect(outcome(preset)).toMatchObject({ loads: 2, outcomes: { miss: 1, failed: 3 } });
    // As published the next in line loads, and fails: one after the other.
    const convoy = outcome('lock-naive');
    expect(convoy.loads).toBe(4);
    expect(convoy.responseMs!.max).toBeGreaterThan(600);
  });
});
