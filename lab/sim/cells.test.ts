import { expect, test } from 'vitest';
import { generate } from '../../sim/generators/generate.ts';
import { type Cell, runCell } from './cells.ts';

const TRACE = generate({ kind: 'zipf', objects: 500, requests: 5000, rate: 100, size: 1000 });

function timed(cell: Omit<Extract<Cell, { kind: 'time' }>, 'kind' | 'setting'>) {
  const setting = { seed: 1, ttlMs: 10_000, jitter: 0.5 };
  const result = runCell(TRACE, { kind: 'time', setting, ...cell });
  if (result.kind !== 'time') throw new Error(result.kind);
  return result;
}

test('a cell without its series has the same figures, and a cache says what it held at most', () => {
  const cache = { policy: 'redis-allkeys-lru', capacity: 100_000, unit: 'bytes' } as const;
  const whole = timed({ cache });
  const brief = timed({ cache, withoutSeries: true });
  expect(whole.outcome.loadsPerSecond.buckets.length).toBeGreaterThan(40);
  expect(brief.outcome.loadsPerSecond.buckets).toHaveLength(0);
  expect(brief.outcome.loadsPerSecond.peak).toBe(whole.outcome.loadsPerSecond.peak);
  expect(whole.mostUsed).toBeGreaterThan(90_000);
  expect(whole.mostUsed).toBeLessThanOrEqual(100_000);
  expect(timed({ cache: null }).mostUsed).toBeNull();
});

test('a cache that never evicts holds at most what all capacities above it have room for', () => {
  const hits = (policy: string, capacity: number): number =>
    timed({ cache: { policy, capacity, unit: 'bytes' } }).outcome.hits;
  const endless = { policy: 'infinite', capacity: Number.MAX_SAFE_INTEGER, unit: 'bytes' } as const;
  const { mostUsed, outcome } = timed({ cache: endless });
  for (const policy of ['redis-allkeys-lru', 'redis-volatile-ttl'])
    expect(hits(policy, mostUsed!)).toBe(outcome.hits);
  expect(hits('redis-allkeys-lru', mostUsed! / 2)).toBeLessThan(outcome.hits);
});

test('volatile-ttl goes by the lives that it is told', () => {
  const hits = (livesMs?: { from: number; to: number }): number =>
    timed({
      cache: {
        ...{ policy: 'redis-volatile-ttl', capacity: 100_000 },
        unit: 'bytes',
        ...(livesMs === undefined ? {} : { livesMs }),
      },
    }).outcome.hits;
  expect(hits({ from: 5000, to: 15_000 })).not.toBe(hits());
});
