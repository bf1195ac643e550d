import { expect, test } from 'vitest';
import { estimateOf, replicate } from './replicate.ts';
import { simulateService } from './service.ts';
import type { ServiceSetting } from './setting.ts';

const SETTING: ServiceSetting = {
  policy: { preset: 'xfetch', overrides: { ttlMs: 5000, jitter: 0 } },
  arrivals: { kind: 'poisson', ratePerSecond: 60 },
  load: { kind: 'whole', ms: { kind: 'fixed', ms: 400 }, selects: 114 },
  warmed: { atMs: 0 },
  durationMs: 120_000,
  seed: 11,
};

test('12 runs of 2 minutes tell e^(1/β) = 2.72 loads to ± 15 %', () => {
  const { loadsPerExpiry, failedShare } = replicate(SETTING, 12);
  expect(loadsPerExpiry!.runs).toBe(12);
  expect(loadsPerExpiry!.relativeHalfWidth).toBeLessThan(0.15);
  expect(Math.abs(loadsPerExpiry!.mean - Math.E)).toBeLessThan(loadsPerExpiry!.halfWidth);
  expect(loadsPerExpiry!.oneMoreHalfWidth).toBeCloseTo(
    loadsPerExpiry!.halfWidth * Math.sqrt(13),
    10,
  );
  expect(failedShare).toMatchObject({ mean: 0, halfWidth: 0, relativeHalfWidth: 0 });
});

test('the runs are those of the seed and the ones after it', () => {
  const [a, b] = [11, 12].map((seed) => simulateService({ ...SETTING, seed }).loadsPerExpiry!);
  expect(replicate(SETTING, 2).loadsPerExpiry!.mean).toBe((a! + b!) / 2);
});

test("the 95 % interval of Student's own sleep data is 1.58 ± 0.88 hours", () => {
  const extra = [1.2, 2.4, 1.3, 1.3, 0, 1, 1.8, 0.8, 4.6, 1.4];
  const { mean, halfWidth } = estimateOf(extra)!;
  expect(mean).toBeCloseTo(1.58, 10);
  expect(halfWidth).toBeCloseTo(0.8799, 3);
});

test('one run has no spread', () => {
  expect(estimateOf([3])).toBeNull();
  expect(() => replicate(SETTING, 1)).toThrow(/runs: 1; allowed: a whole number from 2/);
});
