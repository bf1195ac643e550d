import { describe, expect, test } from 'vitest';
import { exponential, randomStream } from '../random.ts';
import type { Trace } from '../trace.ts';
import { readsOf } from '../trace.ts';
import { ActiveExpiry } from './active-expiry.ts';
import type { TimeSetting } from './setting.ts';
import { simulateTime } from './simulate.ts';
import { sweepTtl } from './sweep.ts';

/** Poisson reads: `perSecond` for each of the objects, in steps of 0.1 ms. */
function poisson(count: number, objects: number, perSecond: number): Trace {
  const random = randomStream(7, 'test');
  let nowMs = 0;
  const ids = Int32Array.from({ length: count }, () => Math.floor(random() * objects));
  const ticks = Uint32Array.from(ids, () => {
    nowMs += exponential(random, 1000 / (perSecond * objects));
    return Math.floor(nowMs * 10);
  });
  return { ...readsOf(ids, objects), ticks, tickMs: 0.1 };
}

const run = (trace: Trace, setting: Partial<TimeSetting> & { ttlMs: number }) =>
  simulateTime(trace, { seed: 3, ...setting });

describe('Poisson reads, λ a second', () => {
  const trace = poisson(400_000, 10, 1);

  test.each([0.5, 4, 30])(
    'λT = %f: a fixed TTL T misses 1 / (1 + λT) of the reads, to one part in 100',
    (reach) => {
      const { hitRatio } = run(trace, { ttlMs: reach * 1000 });
      expect(Math.abs((1 - hitRatio) * (1 + reach) - 1)).toBeLessThan(0.01);
    },
  );

  test.each([0.5, 1, 2])(
    'λT = %f: a sliding TTL T misses e^−λT of the reads, to one part in 100',
    (reach) => {
      const { hitRatio } = run(trace, { ttlMs: reach * 1000, renewal: 'sliding' });
      expect(Math.abs((1 - hitRatio) * Math.exp(reach) - 1)).toBeLessThan(0.01);
    },
  );

  test('updates at μ a second make 1 − (1 − e^−μT) / (μT) of the hits stale', () => {
    for (const rate of [0.05, 1]) {
      const { staleReads, hits } = run(trace, { ttlMs: 10_000, updateRatePerSecond: rate });
      const mean = rate * 10;
      expect(staleReads / hits / (1 - (1 - Math.exp(-mean)) / mean)).toBeCloseTo(1, 1);
    }
  });

  test('objects in memory: λT / (1 + λT) of them alive, the rest dead weight until somebody asks', () => {
    const { resident } = run(trace, { ttlMs: 4000, fromTick: 100_000 });
    expect(resident.meanObjects).toBe(10);
    expect(resident.deadShare).toBeCloseTo(0.2, 1);
  });
});

test('the copies of an object that changes all the time are of uniform age on (0, ttl)', () => {
  const { staleAgeMs, staleShare } = run(poisson(200_000, 1, 100), {
    ttlMs: 10_000,
    updateRatePerSecond: 100,
  });
  expect(staleShare).toBeGreaterThan(0.99);
  for (const [share, name] of [
    [0.5, 'p50'],
    [0.9, 'p90'],
    [0.99, 'p99'],
  ] as const)
    expect(Math.abs(staleAgeMs![name] / (share * 10_000) - 1)).toBeLessThan(0.015);
  expect(staleAgeMs!.longest).toBeLessThan(10_000);
});

describe('100 reads a second, loads of 500 ms, ttl 8 s', () => {
  const trace = poisson(1_200_000, 1, 100);
  const setting = { ttlMs: 8000, loadMs: 500 };

  test('nothing that coalesces: 1 + λΔ = 51 loads per expiry', () => {
    const { loadsPerExpiry } = run(trace, setting);
    expect(Math.abs(loadsPerExpiry - 51)).toBeLessThan(1);
  });

  test('coalesced: one, and the other 50 wait for it', () => {
    const { loadsPerExpiry, outcomes } = run(trace, { ...setting, coalesce: 'process' });
    expect(loadsPerExpiry).toBe(1);
    expect(Math.abs(outcomes.coalesced / outcomes.miss - 50)).toBeLessThan(1);
  });

  test.each([0.5, 1, 2, 4])(
    'XFetch at β = %f: e^(1/β) loads per refresh, and nobody waits',
    (beta) => {
      const { loadsPerExpiry, renewals, outcomes } = run(trace, {
        ttlMs: 8000,
        loadMs: 500 / beta, // λβΔ = 50: bursts that meet the end of the life are rare
        xfetchBeta: beta,
      });
      // The further loads are Poisson with an exponential mean: their variance is m + m².
      const further = Math.exp(1 / beta) - 1;
      const halfWidth = 2.58 * Math.sqrt((further + further ** 2) / renewals);
      expect(Math.abs(loadsPerExpiry - 1 - further)).toBeLessThan(halfWidth);
      expect(outcomes.miss / renewals).toBeLessThan(0.1);
    },
  );

  test('refresh-ahead at 80 %, coalesced: 1 / 0.8 as many loads a ttl, and nobody waits after the first', () => {
    const { loadsPerSecond, outcomes } = run(trace, {
      ...setting,
      coalesce: 'process',
      refreshAhead: 0.8,
      fromTick: 100_000,
    });
    expect(outcomes.miss + outcomes.coalesced).toBe(0);
    // From one refresh to the next: 80 % of the ttl and the wait for a read.
    expect(Math.abs(loadsPerSecond.mean * (6.4 + 0.01) - 1)).toBeLessThan(0.01);
  });

  test('stale-while-revalidate: nobody waits, and a copy is at most ttl + load + window old', () => {
    const { outcomes, staleAgeMs } = run(trace, {
      ...setting,
      coalesce: 'process',
      staleWhileRevalidateMs: 2000,
      updateRatePerSecond: 50,
      fromTick: 100_000,
    });
    expect(outcomes.miss + outcomes.coalesced).toBe(0);
    expect(Math.abs(outcomes.stale / outcomes.hit - 0.51 / 7.49)).toBeLessThan(0.005);
    expect(staleAgeMs!.longest).toBeGreaterThan(8400);
    expect(staleAgeMs!.longest).toBeLessThan(10_500);
  });
});

test('2,000 objects warmed at once expire together; ±20 % of 10 s spreads them to 2,000 / (2 · 0.2 · 10) a second', () => {
  const ids = Int32Array.from({ length: 2000 * 130 }, (_, at) => at % 2000);
  const ticks = Uint32Array.from(ids, (_, at) => Math.floor(at / 2000));
  const trace: Trace = { ...readsOf(ids, 2000), ticks, tickMs: 100 };
  const sharp = run(trace, { ttlMs: 10_000, fromTick: 10 }).loadsPerSecond;
  expect(sharp.peak).toBe(2000);
  const spread = run(trace, { ttlMs: 10_000, jitter: 0.2, fromTick: 10 }).loadsPerSecond;
  // Four seconds of 500, each binomial with a standard deviation of 19.
  expect([...spread.buckets.subarray(0, 7)].every((count) => count === 0)).toBe(true);
  for (const count of spread.buckets.subarray(7, 11))
    expect(Math.abs(count - 500)).toBeLessThan(80);
});

test('what does not exist costs one load per negative TTL, and without one every read', () => {
  const trace = poisson(100_000, 1, 100);
  const noted = run(trace, { ttlMs: 60_000, absent: [0], negativeTtlMs: 5000 });
  expect(noted.outcomes.hit).toBe(0);
  expect(Math.abs(noted.loadsPerSecond.mean * 5.01 - 1)).toBeLessThan(0.02);
  expect(run(trace, { ttlMs: 60_000, absent: 1 }).loads).toBe(100_000);
  const half = run(poisson(100_000, 2000, 1), { ttlMs: Infinity, absent: 0.5 });
  expect(Math.abs(half.hitRatio - 0.49)).toBeLessThan(0.05);
});

test('Redis’s active cycle leaves at most about 10 % dead weight where lazy expiry keeps everything', () => {
  // Each object is read once, 1,000 a second for 100 s, and lives for 5 s.
  const ids = Int32Array.from({ length: 100_000 }, (_, at) => at);
  const trace = { ...readsOf(ids, ids.length), ticks: Uint32Array.from(ids), tickMs: 1 };
  const lazy = run(trace, { ttlMs: 5000, fromTick: 20_000 }).resident;
  expect(Math.abs(lazy.deadShare - (1 - 5 / 60))).toBeLessThan(0.01);
  const active = run(trace, { ttlMs: 5000, fromTick: 20_000, expiry: 'active' }).resident;
  expect(active.deadShare).toBeGreaterThan(0.03);
  expect(active.deadShare).toBeLessThan(0.15);
  expect(active.meanObjects * (1 - active.deadShare)).toBeCloseTo(5000, -2);
});

test('the expire cycle looks at every key in turn and stops at the first sample with 2 of 20 expired or fewer', () => {
  const cycle = new ActiveExpiry(1000, randomStream(1, 'test'));
  for (let id = 0; id < 1000; id += 1) cycle.add(id);
  const looked: number[] = [];
  let nowMs = 0;
  const look = (): number => {
    const before = looked.length;
    cycle.cycle((nowMs += 100), (id) => looked.push(id) < 0);
    return looked.length - before;
  };
  expect(look()).toBe(20);
  for (let more = 1; more < 50; more += 1) expect(look()).toBe(20);
  expect(new Set(looked).size).toBe(1000);
  let taken = 0;
  cycle.cycle((nowMs += 100), (id) => {
    if (taken === 400) return false;
    taken += 1;
    cycle.remove(id);
    return true;
  });
  looked.length = 0;
  for (let more = 0; more < 30; more += 1) look();
  expect(new Set(looked).size).toBe(600);
  // 3 of 20 are too many, 2 are not.
  let calls = 0;
  cycle.cycle((nowMs += 100), () => {
    calls += 1;
    return calls <= 3 || (calls > 20 && calls <= 22);
  });
  expect(calls).toBe(40);
});

test('a sweep of TTLs trades staleness against loads, and marks those that nothing beats', () => {
  const rows = sweepTtl(poisson(50_000, 20, 5), [1000, 4000, 16_000, 16_000 * 50], {
    seed: 1,
    updateRatePerSecond: 0.01,
    fromTick: 200_000,
    expiry: 'active',
  });
  const rising = (of: (row: (typeof rows)[number]) => number): boolean =>
    rows.every((row, at) => at === 0 || of(row) > of(rows[at - 1]!));
  expect(rising((row) => row.hitRatio)).toBe(true);
  expect(rising((row) => row.staleShare)).toBe(true);
  expect(rising((row) => -row.loadsPerSecond)).toBe(true);
  expect(rows.map((row) => row.best)).toEqual([true, true, true, true]);
  // Without a change nothing is ever stale, and where expiry is lazy a longer life takes no more memory.
  const still = sweepTtl(poisson(20_000, 2, 5), [1000, 4000, 16_000], {
    seed: 1,
    fromTick: 50_000,
  });
  expect(still.map((row) => row.best)).toEqual([false, false, true]);
});
