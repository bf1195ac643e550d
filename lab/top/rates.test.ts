import { expect, test } from 'vitest';
import type { CacheStats } from '../server-protocol.ts';
import { healthyStats, seconds } from './fixtures.ts';
import { RateMeter } from './rates.ts';

const start = healthyStats();
const redisLater = (change: Partial<CacheStats['redis']>): CacheStats['redis'] => ({
  ...start.redis,
  ...change,
});

/** 2 s later: 50 requests, 40 of them hits, 5 loads that took 4 s together. */
const later = healthyStats({
  requests: 150,
  loads: 8,
  selects: 912,
  errors: 4,
  shed: 2,
  outcomes: { hit: 137, miss: 8, negative: 5 },
  page_seconds: seconds([137, 12, 1], 5.5),
  load_seconds: seconds([0, 3, 5], 4.15),
  redis: redisLater({
    sampled_at_ms: 1_004_000,
    uptime_seconds: 604,
    commands_processed: 900,
    keyspace_hits: 127,
    keyspace_misses: 13,
    evicted_keys: 8,
    expired_keys: 6,
    slowlog_logged: 3,
  }),
});

test('rates of the store are by the time between readings, those of Redis by the time between its samples', () => {
  const meter = new RateMeter();
  expect(meter.next({ atMs: 5000, stats: start })).toEqual({ store: null, redis: null });
  expect(meter.next({ atMs: 7000, stats: later })).toEqual({
    store: {
      seconds: 2,
      requestsPerSecond: 25,
      hitRatio: 0.8,
      p99AtMostMs: Number.POSITIVE_INFINITY,
      meanPageMs: 100,
      loadsPerSecond: 2.5,
      meanLoadMs: 800,
      selectsPerSecond: 285,
      errorsPerSecond: 2,
      shedPerSecond: 1,
    },
    redis: {
      commandsPerSecond: 100,
      hitRatio: 0.75,
      evictedPerSecond: 2,
      expiredPerSecond: 0.5,
      slowPerSecond: 0.25,
    },
  });
});

test('the 99th percentile is told by the bound beneath which 99 of 100 lie', () => {
  const meter = new RateMeter();
  const pages = (counts: [number, number, number]): CacheStats =>
    healthyStats({ page_seconds: seconds(counts, 0) });
  meter.next({ atMs: 0, stats: pages([0, 0, 0]) });
  expect(meter.next({ atMs: 1000, stats: pages([99, 1, 0]) }).store?.p99AtMostMs).toBe(10);
  expect(meter.next({ atMs: 2000, stats: pages([197, 3, 0]) }).store?.p99AtMostMs).toBe(100);
});

test('a reading with no new sample of Redis repeats its rates, and does not take them for 0', () => {
  const meter = new RateMeter();
  meter.next({ atMs: 0, stats: start });
  meter.next({ atMs: 1000, stats: later });
  const again = meter.next({ atMs: 2000, stats: later });
  expect(again.redis?.commandsPerSecond).toBe(100);
  expect(again.store?.requestsPerSecond).toBe(0);
  expect(again.store?.hitRatio).toBeNull();
});

test('counters that begin anew give no rate, neither of the store nor of Redis', () => {
  const meter = new RateMeter();
  meter.next({ atMs: 0, stats: later });
  const anew = healthyStats({
    redis: redisLater({ sampled_at_ms: 1_005_000, uptime_seconds: 1, commands_processed: 2000 }),
  });
  expect(meter.next({ atMs: 1000, stats: anew })).toEqual({ store: null, redis: null });
});

test('after a gap, and while Redis is away, there are no rates', () => {
  const meter = new RateMeter();
  meter.next({ atMs: 0, stats: start });
  meter.forget();
  expect(meter.next({ atMs: 9000, stats: later })).toEqual({ store: null, redis: null });
  const away = healthyStats({
    ...later,
    redis: { state: 'down', circuit: 'open', circuit_opened: 1 },
  });
  expect(meter.next({ atMs: 9500, stats: away }).redis).toBeNull();
  expect(meter.next({ atMs: 9900, stats: later }).redis).toBeNull();
});
