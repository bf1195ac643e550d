import { describe, expect, test } from 'vitest';
import { resolvePolicy } from './policy.ts';
import { stalenessBoundMs, ttlBoundMs } from './staleness-bound.ts';

const bound = (policy: unknown, loadMs = 900): number | null =>
  stalenessBoundMs(resolvePolicy(policy).settings, loadMs);

describe('the longest staleness that a policy promises', () => {
  test.each([
    ['uncached', 0],
    ['joined', 0],
    ['cached', 3_600_900],
    ['short-ttl', 60_900],
    ['invalidated', null],
    ['double-delete', null],
    ['event-driven', null],
    ['lock-naive', null],
    ['lock', null],
    ['single-flight', null],
    ['lock+single-flight', null],
    ['lease', 0],
    ['fence', 0],
    ['version-key', 0],
    ['outbox', 500],
    ['swr', 4_020_900],
    ['refresh-ahead', 3_960_900],
    ['xfetch', 3_960_900],
    ['jitter', 3_960_900],
    ['hardened', 10_500],
    ['static', null],
  ])('%s: %j ms', (preset, expected) => {
    expect(bound(preset)).toBe(expected);
  });

  test('a second DEL bounds it only where a page loads faster than the delay', () => {
    expect(bound('double-delete', 499)).toBe(500);
    expect(bound('double-delete', 500)).toBeNull();
  });

  test('of two windows the longer counts', () => {
    const overrides = { staleWhileRevalidateMs: 5000, staleIfErrorMs: 7000 };
    const { settings } = resolvePolicy({ preset: 'short-ttl', overrides });
    expect(ttlBoundMs(settings, 100)).toBe(67_100);
  });
});
