import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Probe } from './result.ts';
import { nextRate, searchResult } from './search.ts';

const probe = (ratePerSecond: number, passed: boolean, extra: Partial<Probe> = {}): Probe => ({
  ratePerSecond,
  passed,
  p95Ms: 1,
  p99Ms: 1,
  achievedPerSecond: ratePerSecond,
  dropped: 0,
  errors: 0,
  serverCores: 0.5,
  generatorCores: 0.2,
  reasons: [],
  ...extra,
});

const range = { startRatePerSecond: 100, maxRatePerSecond: 20_000, precision: 1.1 };

/** Runs the search against a server with a known capacity. */
function searchFor(capacity: number): { pass: number | null; fail: number | null; probes: number } {
  const probes: Probe[] = [];
  for (;;) {
    const rate = nextRate(probes, range);
    if (rate === null) break;
    probes.push(probe(rate, rate <= capacity));
  }
  const result = searchResult(probes);
  return {
    pass: result.highestPassPerSecond,
    fail: result.lowestFailPerSecond,
    probes: probes.length,
  };
}

describe('the search for the highest rate', () => {
  test('brackets any capacity from 5 to 19,000 within 10 % (or 1/s) in at most 16 probes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 19_000 }), (capacity) => {
        const { pass, fail, probes } = searchFor(capacity);
        expect(pass).toBeLessThanOrEqual(capacity);
        expect(fail).toBeGreaterThan(capacity);
        expect(fail! / pass! <= 1.1 || fail! - pass! <= 2).toBe(true);
        expect(probes).toBeLessThanOrEqual(16);
      }),
    );
  });

  test('a page that is too slow even at 1/s ends without a passing rate', () => {
    expect(searchFor(0)).toMatchObject({ pass: null, fail: 1 });
  });

  test('a server faster than the range gives the end of the range as a lower bound', () => {
    const probes = [probe(10_000, true), probe(20_000, true)];
    expect(nextRate(probes, range)).toBeNull();
    expect(searchResult(probes)).toMatchObject({
      highestPassPerSecond: 20_000,
      lowestFailPerSecond: null,
      limitedBy: 'generator',
    });
  });

  test('a full generator beside a server with room makes the result generator-limited', () => {
    const probes = [probe(1000, true), probe(2000, false, { generatorCores: 0.9 })];
    expect(searchResult(probes).limitedBy).toBe('generator');
    const full = [
      probe(1000, true),
      probe(2000, false, { serverCores: 0.97, generatorCores: 0.9 }),
    ];
    expect(searchResult(full).limitedBy).toBe('server');
  });

  test('a pass above a failing rate does not count', () => {
    const probes = [probe(1000, true), probe(2000, false), probe(4000, true)];
    expect(searchResult(probes).highestPassPerSecond).toBe(1000);
  });
});
