import { describe, expect, test } from 'vitest';
import { invalidationOf, policyRequest, waysOf } from './ways.ts';

const TEAM = { canInvalidate: true, defence: 'single-flight', loadMs: 870 } as const;

const wayOf = (name: string, team: Parameters<typeof waysOf>[0] = TEAM) =>
  waysOf(team).find((way) => way.name === name)!;

describe('what a team may choose from', () => {
  test('presets that delete are there for those who can, after the simpler ones', () => {
    const names = (canInvalidate: boolean) =>
      waysOf({ ...TEAM, canInvalidate }).map(({ name }) => name);
    expect(names(false)).toEqual(['cached', 'refresh-ahead', 'xfetch', 'swr']);
    expect(names(true).slice(4)).toEqual(['fence', 'lease', 'outbox', 'hardened']);
  });

  test.each([
    ['cached', 29_470],
    ['refresh-ahead', 29_470],
    // And a window of a fifth of the TTL.
    ['swr', 34_670],
    ['fence', 0],
    ['lease', 0],
    ['outbox', 500],
    ['hardened', 10_500],
  ])('%s with a TTL of 26 s ± 10 %% and loads of 870 ms promises %i ms', (name, boundMs) => {
    expect(wayOf(name).boundMs(26_000, 0.1)).toBe(boundMs);
  });

  test('a defence makes readers share loads, and the window of swr grows with the TTL', () => {
    expect(wayOf('cached').setting(26_000)).toMatchObject({ coalesce: 'process' });
    expect(wayOf('cached', { ...TEAM, defence: 'none' }).setting(26_000)).toMatchObject({
      coalesce: 'none',
    });
    expect(wayOf('swr').setting(26_000)).toMatchObject({ staleWhileRevalidateMs: 5200 });
    expect(wayOf('outbox').setting(26_000)).toMatchObject({
      ...{ invalidate: 'delete', invalidateDelayMs: 200, fenced: true },
    });
  });
});

describe('what the server is told', () => {
  const request = (way: string, defence: 'none' | 'single-flight' | 'lock', jitter = 0.1) =>
    policyRequest({ way, ttlMs: 26_000, jitter }, defence, 870);

  test('names the preset and what differs from it', () => {
    expect(request('cached', 'none')).toEqual({
      preset: 'cached',
      overrides: { ttlMs: 26_000, jitter: 0.1 },
    });
    expect(request('cached', 'single-flight', 0).overrides).toEqual({
      ...{ ttlMs: 26_000, coalesce: 'process' },
    });
    // swr has 10 % and single-flight already.
    expect(request('swr', 'single-flight').overrides).toEqual({
      ...{ ttlMs: 26_000, staleWhileRevalidateMs: 5200 },
    });
    expect(request('swr', 'single-flight', 0.3).overrides).toMatchObject({ jitter: 0.3 });
  });

  test('a lock outlives five loads, and a lease stays what it is', () => {
    expect(request('cached', 'lock').overrides).toMatchObject({
      ...{ coalesce: 'process', gate: 'lock', lockTtlMs: 10_000, lockWaitMs: 15_000 },
    });
    const slow = policyRequest({ way: 'cached', ttlMs: 60_000, jitter: 0 }, 'lock', 9000);
    expect(slow.overrides).toMatchObject({ lockTtlMs: 45_000, lockWaitMs: 67_500 });
    expect(request('lease', 'lock').overrides).toEqual({ ttlMs: 26_000, jitter: 0.1 });
    expect(request('hardened', 'lock').overrides).toEqual({ ttlMs: 26_000 });
  });

  test('the words on invalidation are the preset’s, with the life that was chosen', () => {
    expect(invalidationOf({ way: 'lease', ttlMs: 26_000 })).toMatch(
      /Changes made past the server are not seen for up to 26 s/,
    );
    expect(invalidationOf({ way: 'swr', ttlMs: 26_000 })).toMatch(/until its life is over/);
  });
});
