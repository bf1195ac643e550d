import { describe, expect, test } from 'vitest';
import type { ServiceOutcome } from './outcome.ts';
import { simulateService } from './service.ts';
import type { ServiceSetting } from './setting.ts';

const DELTA_MS = 500;
const LOAD = { kind: 'whole', ms: { kind: 'fixed', ms: DELTA_MS }, selects: 114 } as const;
const ROOMY = { connections: 1000, maxWaitMs: null, maxWaiting: 0 } as const;

/** 40 readers in one moment, who find no copy; or, with `warmed`, one past its life. */
function burst(preset: string, parts: Partial<ServiceSetting> = {}): ServiceOutcome {
  return simulateService({
    policy: { preset },
    arrivals: { kind: 'burst', readers: 40, atMs: 1000 },
    load: LOAD,
    pool: ROOMY,
    durationMs: 60_000,
    seed: 1,
    ...parts,
  });
}

const loadsOf = ({ expiries }: ServiceOutcome): number[] => expiries.map(({ loads }) => loads);

describe('a burst of 40 readers of a page that is gone', () => {
  test.each(['cached', 'jitter', 'xfetch'])('loads it 40 times under %s', (preset) => {
    const { expiries, loads } = burst(preset, { processes: 4 });
    expect(loads).toBe(40);
    expect(expiries).toMatchObject([{ loads: 40, selects: 40 * 114, requests: 40 }]);
  });

  test.each([1, 2, 4])('loads it %i times with as many processes of single-flight', (processes) => {
    for (const preset of ['single-flight', 'swr', 'refresh-ahead'])
      expect(loadsOf(burst(preset, { processes }))).toEqual([processes]);
  });

  test.each(['lock', 'lock+single-flight', 'lease', 'hardened'])(
    'loads it once under %s, with 1 process and with 4',
    (preset) => {
      expect(loadsOf(burst(preset))).toEqual([1]);
      expect(loadsOf(burst(preset, { processes: 4 }))).toEqual([1]);
    },
  );

  test('everybody has it within a load, a look and a few round trips', () => {
    const { responseMs, outcomes } = burst('lease');
    expect(outcomes).toMatchObject({ miss: 1, coalesced: 39, failed: 0 });
    expect(responseMs!.max).toBeGreaterThan(DELTA_MS);
    // 40 commands of one process keep their order, each up to 0.6 ms after it was sent.
    expect(responseMs!.max).toBeLessThan(DELTA_MS + 50 + 2);
  });

  test('without a cache each loads, and nothing expires', () => {
    const { loads, expiries, outcomes } = burst('uncached');
    expect([loads, expiries.length, outcomes.bypass]).toEqual([40, 0, 40]);
  });
});

describe('a burst of 40 readers of a page past its life', () => {
  // Its life of 1 h was over 1 s before.
  const parts = (preset: string): Partial<ServiceSetting> => ({
    policy: { preset, overrides: { jitter: 0 } },
    warmed: { atMs: -3_600_000 },
  });

  test.each([1, 4])(
    'gets the old page under swr, and each of %i processes loads once',
    (processes) => {
      const { outcomes, expiries, responseMs } = burst('swr', { ...parts('swr'), processes });
      expect(outcomes.stale).toBe(40);
      expect(expiries.map(({ loads }) => loads)).toEqual([processes]);
      expect(responseMs!.max).toBeLessThan(2);
    },
  );

  test('gets the old page under hardened, and of 4 processes one loads', () => {
    const { outcomes, expiries } = burst('hardened', { ...parts('hardened'), processes: 4 });
    expect(outcomes.stale).toBe(40);
    expect(expiries.map(({ loads }) => loads)).toEqual([1]);
  });
});

describe('a lock that ends before the load', () => {
  test.each([
    [200, 3],
    [400, 2],
    [600, 1],
  ])('of %i ms lets %i readers load for 500 ms', (lockTtlMs, loads) => {
    const outcome = burst('lock', { policy: { preset: 'lock', overrides: { lockTtlMs } } });
    expect(loadsOf(outcome)).toEqual([loads]);
  });

  test('as a lease turns every late page away, so that nothing is ever kept', () => {
    const overrides = { lockTtlMs: 200, lockWaitMs: 1000 };
    const { outcomes, loads } = burst('lease', { policy: { preset: 'lease', overrides } });
    expect(outcomes.coalesced).toBe(0);
    expect(loads).toBe(40);
  });
});

describe('open arrivals', () => {
  const open = (
    policy: ServiceSetting['policy'],
    parts: Partial<ServiceSetting> = {},
  ): ServiceOutcome =>
    simulateService({
      policy,
      arrivals: { kind: 'poisson', ratePerSecond: 100 },
      load: LOAD,
      pool: ROOMY,
      redisMs: { kind: 'fixed', ms: 0 },
      warmed: { atMs: 0 },
      durationMs: 1_000_000,
      seed: 2,
      ...parts,
    });

  /** Whether the mean of the counts agrees with theory, to 3 standard errors. */
  function expectMean(counts: readonly number[], expected: number): void {
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length;
    expect(Math.abs(mean - expected)).toBeLessThan(3 * Math.sqrt(variance / counts.length));
  }

  test('without defence an expiry takes 1 + λΔ = 51 loads', () => {
    const outcome = open({ preset: 'cached', overrides: { ttlMs: 5000 } });
    const counts = loadsOf(outcome);
    expect(counts.length).toBeGreaterThan(170);
    expectMean(counts, 51);
    expect(outcome.aroundExpiryMs!.p99).toBeCloseTo(DELTA_MS);
    for (const { firstLoadMs } of outcome.expiries) expect(firstLoadMs).toBeCloseTo(DELTA_MS);
    // The last one to miss comes just before the first copy is back.
    expect(outcome.expiries[5]!.recoveryMs).toBeGreaterThan(900);
    expect(outcome.expiries[5]!.recoveryMs).toBeLessThanOrEqual(1000);
  });

  test.each([
    [1, Math.E],
    [2, Math.exp(0.5)],
    [0.5, Math.exp(2)],
  ])('XFetch with β = %f takes e^(1/β) = %f loads, and nobody waits', (xfetchBeta, expected) => {
    const outcome = open({
      preset: 'xfetch',
      overrides: { xfetchBeta, ttlMs: 10_000, jitter: 0 },
    });
    expectMean(loadsOf(outcome), expected);
    expect(outcome.outcomes.miss).toBeLessThan(outcome.requests / 100);
  });

  test('refresh-ahead loads once a refresh, at 80 % of each life, and no reader misses', () => {
    const overrides = { ttlMs: 10_000, jitter: 0 };
    const outcome = open({ preset: 'refresh-ahead', overrides }, { durationMs: 400_000 });
    expect(new Set(loadsOf(outcome))).toEqual(new Set([1]));
    expect(outcome.expiries.length).toBe(Math.floor(400 / 8.01));
    expect(outcome.outcomes.early).toBeGreaterThan(40 * 48);
    expect([outcome.outcomes.miss, outcome.outcomes.coalesced]).toEqual([0, 0]);
  });

  test('the published lock leaks between processes now and then, the lock with a second look never', () => {
    const parts = {
      processes: 4,
      redisMs: { kind: 'uniform', minMs: 0.2, maxMs: 8 },
      durationMs: 400_000,
    } as const;
    const overrides = { ttlMs: 2200 };
    const naive = loadsOf(open({ preset: 'lock-naive', overrides }, parts));
    const right = loadsOf(open({ preset: 'lock', overrides }, parts));
    expect(naive.filter((loads) => loads > 1).length).toBeGreaterThan(0);
    expect(Math.max(...right)).toBe(1);
    // In one process the commands keep their order, and the leak needs them not to.
    const one = loadsOf(open({ preset: 'lock-naive', overrides }, { ...parts, processes: 1 }));
    expect(Math.max(...one)).toBe(1);
  });

  test('the same seed gives the same outcome, another one another', () => {
    const run = (seed: number): ServiceOutcome =>
      open({ preset: 'hardened' }, { seed, durationMs: 20_000, processes: 2 });
    expect(run(7)).toEqual(run(7));
    expect(run(7)).not.toEqual(run(8));
  });
});

describe('a process with one event loop', () => {
  test('needs 40 × 25 ms for 40 loads of 25 ms of CPU, where one takes 100 + 25 ms', () => {
    const load = {
      kind: 'statements',
      statements: 98,
      roundTripMs: { kind: 'fixed', ms: 1 },
    } as const;
    const cpu = { hitMs: 0.1, loadMs: 25 };
    const one = burst('lease', { load, cpu, arrivals: { kind: 'burst', readers: 1, atMs: 0 } });
    expect(one.responseMs!.max).toBeGreaterThan(125);
    expect(one.responseMs!.max).toBeLessThan(128);
    const all = burst('cached', { load, cpu });
    expect(all.responseMs!.max).toBeGreaterThan(1000);
    expect(all.responseMs!.max).toBeLessThan(1040);
    const halves = burst('cached', { load, cpu, processes: 2 });
    expect(halves.responseMs!.max).toBeLessThan(0.53 * all.responseMs!.max);
  });
});

describe('what cannot be is refused', () => {
  test('a preset that is not modelled, with those that are', () => {
    expect(() => burst('outbox')).toThrow(
      /"outbox" is not modelled; modelled are uncached, cached/,
    );
    expect(() => burst('toString')).toThrow(RangeError);
  });

  test.each<[Partial<ServiceSetting>, RegExp]>([
    [{ processes: 0 }, /processes: 0; allowed: 1 to 1000/],
    [{ durationMs: Number.NaN }, /durationMs: NaN/],
    [{ warmed: { atMs: 5 } }, /warmed.atMs: 5/],
    [{ arrivals: { kind: 'poisson', ratePerSecond: 0 } }, /ratePerSecond: 0; allowed: above 0/],
    [{ arrivals: { kind: 'measured', timesMs: [3, 2] } }, /timesMs\[1\]: 2/],
    [{ popularity: { kind: 'uniform', keys: 0 } }, /keys: 0/],
    [{ load: { ...LOAD, ms: { kind: 'measured', ms: [] } } }, /0 measured times/],
    [{ policy: { preset: 'lock', overrides: { lockTtlMs: 0 } } }, /lockTtlMs: 0; allowed: 1 to/],
  ])('%j', (parts, message) => {
    expect(() => burst('cached', parts)).toThrow(message);
  });
});
