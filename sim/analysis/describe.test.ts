import { expect, test } from 'vitest';
import { generate } from '../generators/generate.ts';
import { OP, readsOf } from '../trace.ts';
import { describe } from './describe.ts';

test('a trace of eight requests is described to the last digit', () => {
  const info = describe({
    ids: Int32Array.of(0, 1, 0, 2, 0, 0, 1, 3),
    objects: 4,
    ticks: Uint32Array.of(10, 10, 12, 14, 16, 18, 20, 24),
    tickMs: 1000,
    bytes: Uint32Array.of(100, 50, 20, 7),
    ops: Uint8Array.of(0, 0, OP.write, 0, 0, OP.write, 0, 0),
  });
  expect(info).toMatchObject({
    requests: 8,
    objects: 4,
    writeShare: 0.25,
    oneHitShare: 0.5,
    topShare: 0.5,
    zipf: null,
    // Gaps 2, 2, 1 of object 0 and 5 of object 1.
    reuseRequests: { p10: 1, p50: 2, p90: 5, p99: 5 },
    time: { durationMs: 14_000, requestsPerSecond: 0.5, gapMs: { p10: 0, p50: 2000, p90: 4000 } },
    bytes: { p10: 7, p50: 20, p90: 100, p99: 100, sum: 177, max: 100 },
  });
  // Gaps 0, 2, 2, 2, 2, 2, 4: variance 8/7, mean 2.
  expect(info.time!.gapVariation).toBeCloseTo(Math.sqrt(8 / 7) / 2, 12);
  // A part of one tick each: the odd ones are empty.
  expect(info.workingSet).toEqual({
    by: 'time',
    window: 1000,
    objects: [2, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0, 0, 1],
    requests: [2, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0, 0, 1],
  });
});

test.each([0.6, 0.8, 1, 1.2])(
  'exponent %f of 500,000 draws over 20,000 objects is found again within 0.05',
  (exponent) => {
    const trace = generate({ kind: 'zipf', exponent, objects: 20_000, requests: 500_000 });
    const { zipf } = describe(trace);
    expect(Math.abs(zipf!.exponent - exponent)).toBeLessThan(0.05);
    expect(zipf!.rSquared).toBeGreaterThan(0.98);
  },
);

test('a loop of 1,000 has slope 0, and every reuse 1,000 requests later to within 1.6 %', () => {
  const info = describe(generate({ kind: 'loop', objects: 1000, requests: 50_000 }));
  expect(info.zipf).toMatchObject({ exponent: 0, rSquared: 1 });
  expect(Math.abs(info.reuseRequests!.p10 - 1000)).toBeLessThanOrEqual(16);
  expect(info.reuseRequests!.p99).toBe(info.reuseRequests!.p10);
  expect(info.workingSet).toEqual({
    by: 'requests',
    window: 1000,
    objects: Array.from({ length: 50 }, () => 1000),
    requests: Array.from({ length: 50 }, () => 1000),
  });
});

test('a scan has only objects of one request, and no reuse', () => {
  const info = describe(generate({ kind: 'scan', requests: 1000 }));
  expect(info).toMatchObject({ oneHitShare: 1, topShare: 0.001, zipf: null, reuseRequests: null });
  expect(info).toMatchObject({ time: null, bytes: null, writeShare: 0 });
});

test('gaps vary by 1 for Poisson arrivals, and by far more for bursts of 100', () => {
  const variation = (arrivals: 'poisson' | 'bursts'): number =>
    describe(generate({ kind: 'scan', requests: 20_000, rate: 5, arrivals })).time!.gapVariation!;
  expect(variation('poisson')).toBeCloseTo(1, 1);
  expect(variation('bursts')).toBeGreaterThan(10);
});

test('one request, and requests of one moment, have no rate', () => {
  const one = { ...readsOf(Int32Array.of(0), 1), ticks: Uint32Array.of(5) };
  expect(describe(one).time).toEqual({
    durationMs: 0,
    requestsPerSecond: null,
    gapMs: null,
    gapVariation: null,
  });
  const two = { ...readsOf(Int32Array.of(0, 0), 1), ticks: Uint32Array.of(5, 5) };
  expect(describe(two).time).toMatchObject({ requestsPerSecond: null, gapMs: { p50: 0 } });
  expect(describe(two).workingSet).toMatchObject({ by: 'requests', objects: [1, 1] });
});

test('a trace without requests is refused', () => {
  expect(() => describe(readsOf(new Int32Array(0), 0))).toThrow(RangeError);
});
