import { describe, expect, test } from 'vitest';
import { encodeEntry } from '../cache/entry.ts';
import type { Outcome } from '../cache/strategy.ts';
import { acceptsGzip, cacheStatus } from './send-page.ts';

describe('accept-encoding', () => {
  test.each([
    ['gzip', true],
    ['gzip, deflate, br', true],
    ['br;q=1.0, GZIP;q=0.5', true],
    ['*', true],
    ['*;q=0, gzip', true],
    ['gzip;q=0', false],
    ['gzip; q=0.0, *', false],
    ['identity', false],
    ['x-gzip-like', false],
    ['', false],
    [undefined, false],
  ])('%j: gzip %s', (header, expected) => {
    expect(acceptsGzip(header)).toBe(expected);
  });
});

describe('cache-status', () => {
  const entry = encodeEntry(
    { body: Buffer.from('x'), menuVersion: 1, queries: [], micros: 1 },
    { loadStartedAtMs: 10_000, ttlMs: 60_000 },
  );
  const at = (outcome: Outcome, nowMs: number, stored = false): string =>
    cacheStatus({ outcome, entry, stored, loaded: null }, nowMs);

  test.each<[Outcome, string]>([
    ['hit', 'cachelab; hit; ttl=45'],
    ['early', 'cachelab; hit; ttl=45; detail=early'],
    ['miss', 'cachelab; fwd=uri-miss'],
    ['coalesced', 'cachelab; fwd=uri-miss; collapsed'],
    ['negative', 'cachelab; hit; detail=negative'],
    ['rejected', 'cachelab; detail=rejected'],
    ['bypass', 'cachelab; fwd=bypass'],
  ])('a read that is "%s", 15 s into a life of 60 s: %s', (outcome, expected) => {
    expect(at(outcome, 25_000)).toBe(expected);
  });

  test('a copy that is 5 s past its life has a ttl of -5', () => {
    expect(at('stale', 75_000)).toBe('cachelab; hit; ttl=-5; detail=stale');
  });

  test('a miss says when it left a copy', () => {
    expect(at('miss', 25_000, true)).toBe('cachelab; fwd=uri-miss; stored');
  });
});
