import { describe, expect, test } from 'vitest';
import type { ServiceOutcome } from './outcome.ts';
import { simulateService } from './service.ts';
import type { ServicePolicy } from './presets.ts';

const KEYS = 1000;
const TTL_SECONDS = 130;
/** A page of 26 SELECTs at 15 ms: 0.42 s. With 50 connections 119 pages a second, some 3,100 SELECTs. */
const STATEMENTS = 26;

/** 1,000 pages made in one moment, whose common end lies 20 s after the start; 340 requests a second. */
function avalanche(preset: string, overrides: Partial<ServicePolicy> = {}): ServiceOutcome {
  return simulateService({
    policy: { preset, overrides: { ttlMs: TTL_SECONDS * 1000, ...overrides } },
    arrivals: { kind: 'constant', ratePerSecond: 340 },
    popularity: { kind: 'uniform', keys: KEYS },
    load: { kind: 'statements', statements: STATEMENTS, roundTripMs: { kind: 'fixed', ms: 15 } },
    pool: { connections: 50, maxWaitMs: 1000, maxWaiting: 1000 },
    warmed: { atMs: -110_000 },
    durationMs: 60_000,
    seed: 3,
  });
}

const between = (column: Float64Array, from: number, to: number): number =>
  column.subarray(from, to).reduce((sum, value) => sum + value, 0) / (to - from);

describe('1,000 copies of one moment', () => {
  const flat = avalanche('cached');
  const capacity = (50 * STATEMENTS) / (0.015 * (STATEMENTS + 2));

  test('with one TTL end in one second, and ask for all that the database can do', () => {
    expect(flat.perSecond.ends[20]).toBe(KEYS);
    expect(flat.peakSelectsPerSecond).toBeGreaterThan(0.98 * capacity);
    expect(flat.peakSelectsPerSecond).toBeLessThan(1.02 * capacity);
    expect(flat.outcomes.failed).toBeGreaterThan(300);
    expect(flat.recoverySeconds).toBeGreaterThanOrEqual(3);
  });

  test('with ± 10 % end at K / (2·j·TTL) = 38 a second for 26 s, and nobody fails', () => {
    const jittered = avalanche('jitter');
    const { ends, selects } = jittered.perSecond;
    const expected = KEYS / (2 * 0.1 * TTL_SECONDS);
    expect(between(ends, 7, 33) * 26).toBeGreaterThan(0.97 * KEYS);
    // 15 s hold 577 ends on average; 3 standard deviations of such a binomial count are 8 %.
    expect(Math.abs(between(ends, 12, 27) / expected - 1)).toBeLessThan(0.08);
    expect([jittered.outcomes.failed, jittered.recoverySeconds]).toEqual([0, 0]);
    // Each end is loaded once at its next request, and again by those who come within its 0.42 s: λΔ = 0.14.
    const perEnd = 1 + (340 / KEYS) * 0.42;
    const rate = between(selects, 14, 29) / (expected * STATEMENTS * perEnd);
    expect(Math.abs(rate - 1)).toBeLessThan(0.1);
    expect(jittered.peakSelectsPerSecond).toBeLessThan(0.6 * flat.peakSelectsPerSecond);
  });

  test('with ± 5 % end twice as fast, at 77 a second', () => {
    const { ends } = avalanche('jitter', { jitter: 0.05 }).perSecond;
    expect(Math.abs(between(ends, 14, 26) / 76.9 - 1)).toBeLessThan(0.08);
  });

  test('under stale-while-revalidate the database is asked for as much, but nobody waits', () => {
    const swr = avalanche('swr', { jitter: 0 });
    expect(swr.peakSelectsPerSecond).toBeGreaterThan(0.98 * capacity);
    expect(swr.outcomes.failed).toBe(0);
    expect(swr.responseMs!.max).toBeLessThan(5);
  });
});
