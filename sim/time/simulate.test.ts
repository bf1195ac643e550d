import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { smallTraces } from '../fixtures/traces.ts';
import { lru } from '../policies/lru.ts';
import { exponential, randomStream } from '../random.ts';
import type { Trace } from '../trace.ts';
import { OP } from '../trace.ts';
import type { FullTimeSetting, TimeSetting } from './setting.ts';
import { fullTimeSetting } from './setting.ts';
import { simulateTime } from './simulate.ts';

/** What the reference counts. */
interface Counts {
  outcomes: Record<string, number>;
  staleAges: number[];
  loads: number[];
  renewals: number;
}

/** Maps, lists and one request at a time; versions, where the kernel keeps moments. */
function plainly(trace: Trace & { ticks: Uint32Array }, setting: FullTimeSetting): Counts {
  const { ttlMs, jitter, loadMs, seed, objects } = { ...setting, objects: trace.objects };
  const copies = new Map<number, { bornMs: number; lifeMs: number; version: number }>();
  const writes = new Map<number, number[]>();
  let loads: {
    id: number;
    startedMs: number;
    lifeMs: number;
    version: number;
    refused: boolean;
  }[] = [];
  let deletions: { id: number; atMs: number }[] = [];
  let rooms: number[] = []; // LRU, the newest first
  const draw = (name: string): (() => number) => randomStream(seed, name);
  const [drawJitter, drawXfetch, drawUpdate] = [draw('jitter'), draw('xfetch'), draw('updates')];
  const absent = new Set(setting.absent as readonly number[]);
  const counts: Counts = { outcomes: {}, staleAges: [], loads: [], renewals: 0 };

  const writesOf = (id: number): number[] => writes.get(id) ?? [];
  const capacity = setting.eviction?.capacity ?? 0;
  const bounded = capacity > 0;
  const hasRoom = (id: number): boolean => !bounded || rooms.includes(id);
  const underWay = (id: number) => loads.filter((load) => load.id === id && !load.refused);
  const write = (id: number, nowMs: number): void => {
    if (absent.has(id)) return;
    writes.set(id, [...writesOf(id), nowMs]);
    if (setting.invalidate === 'delete')
      deletions.push({ id, atMs: nowMs + setting.invalidateDelayMs });
  };
  const gap = (): number => exponential(drawUpdate, 1000 / (setting.updateRatePerSecond * objects));
  let updateMs = setting.updateRatePerSecond > 0 ? gap() : Infinity;

  /** One thing that happens by itself, the earliest; loads before updates before deletions. */
  const happens = (nowMs: number): boolean => {
    const load = loads[0];
    const deletion = deletions[0];
    const loadMsDue = load === undefined ? Infinity : load.startedMs + loadMs;
    const dueMs = Math.min(loadMsDue, updateMs, deletion?.atMs ?? Infinity);
    if (dueMs > nowMs) return false;
    if (load !== undefined && loadMsDue === dueMs) {
      loads = loads.slice(1);
      const { id, startedMs, lifeMs, version } = load;
      const kept = !absent.has(id) || setting.negativeTtlMs !== null;
      const bornMs = setting.renewal === 'sliding' ? dueMs : startedMs;
      if (!load.refused && kept && hasRoom(id)) copies.set(id, { bornMs, lifeMs, version });
    } else if (updateMs === dueMs) {
      write(Math.floor(drawUpdate() * objects), dueMs);
      updateMs = dueMs + gap();
    } else if (deletion !== undefined) {
      deletions = deletions.slice(1);
      const { id } = deletion;
      copies.delete(id);
      const loading = underWay(id);
      if (setting.fenced) for (const one of loading) one.refused = true;
      if (setting.fenced || loading.length === 0) rooms = rooms.filter((other) => other !== id);
    }
    return true;
  };

  const read = (id: number, nowMs: number): void => {
    const isAbsent = absent.has(id);
    const windowMs = isAbsent ? 0 : (setting.staleWhileRevalidateMs ?? 0);
    const lagMs = setting.renewal === 'sliding' ? 0 : loadMs;
    const old = copies.get(id);
    if (bounded && old !== undefined) {
      if (!hasRoom(id)) copies.delete(id);
      else if (nowMs >= old.bornMs + old.lifeMs + lagMs + windowMs) copies.delete(id);
    }
    if (bounded && (!isAbsent || setting.negativeTtlMs !== null))
      rooms = [id, ...rooms.filter((other) => other !== id)].slice(0, capacity);
    const copy = copies.get(id);
    const [flight] = underWay(id);
    const coalesces = setting.coalesce === 'process';
    let outcome = coalesces && flight !== undefined ? 'coalesced' : 'miss';
    if (copy !== undefined) {
      const leftMs = copy.bornMs + copy.lifeMs - nowMs;
      if (leftMs > 0) {
        outcome = isAbsent ? 'negative' : 'hit';
        const { refreshAhead: share, xfetchBeta: beta } = setting;
        if (outcome === 'hit' && share !== null && nowMs >= copy.bornMs + share * copy.lifeMs)
          outcome = 'early';
        // Where no draw could be large enough none is drawn.
        if (outcome === 'hit' && beta !== null && leftMs <= 22.2 * beta * loadMs)
          if (-loadMs * beta * Math.log(1 - drawXfetch()) >= leftMs) outcome = 'early';
        if (outcome === 'hit' && setting.renewal === 'sliding') copy.bornMs = nowMs;
      } else if (-leftMs < windowMs) outcome = 'stale';
    }
    counts.outcomes[outcome] = (counts.outcomes[outcome] ?? 0) + 1;
    let shown = writesOf(id).length;
    if (outcome === 'hit' || outcome === 'early' || outcome === 'stale') shown = copy!.version;
    if (outcome === 'coalesced') shown = flight!.version;
    const missed = writesOf(id)[shown];
    if (missed !== undefined) counts.staleAges.push(nowMs - missed);
    if (outcome === 'hit' || outcome === 'negative' || outcome === 'coalesced') return;
    if (coalesces && flight !== undefined) return;
    counts.loads.push(nowMs);
    if (flight === undefined) counts.renewals += 1;
    const factor = jitter > 0 && !isAbsent ? 1 + jitter * (2 * drawJitter() - 1) : 1;
    const lifeMs = isAbsent ? (setting.negativeTtlMs ?? 0) : ttlMs * factor;
    loads.push({ id, startedMs: nowMs, lifeMs, version: writesOf(id).length, refused: false });
  };

  for (const [at, id] of trace.ids.entries()) {
    const nowMs = trace.ticks[at]! * trace.tickMs;
    while (happens(nowMs));
    if (trace.ops?.[at] === OP.write) write(id, nowMs);
    else {
      read(id, nowMs);
      // A load of no length is over before the next request, even one at the same moment.
      if (loadMs === 0) while (loads.length > 0 && happens(nowMs));
    }
  }
  return counts;
}

const settings = fc
  .record({
    seed: fc.nat(),
    ttlMs: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.constant(Infinity)),
    jitter: fc.constantFrom(0, 0.5),
    renewal: fc.constantFrom('absolute', 'absolute', 'sliding'),
    staleWhileRevalidateMs: fc.option(fc.integer({ min: 1, max: 30 })),
    early: fc.constantFrom('none', 'refresh-ahead', 'xfetch'),
    loadMs: fc.constantFrom(0, 1, 5, 40, 300),
    coalesce: fc.constantFrom('none', 'process'),
    absent: fc.uniqueArray(fc.nat({ max: 5 }), { maxLength: 4 }),
    negativeTtlMs: fc.option(fc.integer({ min: 1, max: 60 })),
    invalidate: fc.constantFrom('none', 'delete'),
    invalidateDelayMs: fc.constantFrom(0, 2, 100),
    fenced: fc.boolean(),
    updateRatePerSecond: fc.constantFrom(0, 0, 5),
    capacity: fc.option(fc.integer({ min: 1, max: 12 })),
  } as const)
  .map(({ early, capacity, ...setting }): TimeSetting => {
    const eviction =
      capacity === null ? null : ({ policy: lru, capacity, unit: 'objects' } as const);
    if (setting.renewal === 'sliding')
      return { ...setting, eviction, staleWhileRevalidateMs: null };
    return {
      ...setting,
      eviction,
      refreshAhead: early === 'refresh-ahead' ? 0.7 : null,
      xfetchBeta: early === 'xfetch' ? 1.5 : null,
    };
  });

const timedTraces = fc
  .tuple(smallTraces, fc.nat(), fc.constantFrom(0, 0.1, 0.5), fc.integer({ min: 0, max: 6 }))
  .map(([{ ids, objects }, seed, writeShare, longestGap]) => {
    const random = randomStream(seed, 'test');
    let tick = 0;
    const ticks = Uint32Array.from(ids, () => (tick += Math.floor(random() * (longestGap + 1))));
    const ops = Uint8Array.from(ids, () => (random() < writeShare ? OP.write : OP.read));
    return { ids, objects, ticks, ops, tickMs: 1, bytes: null };
  });

test('outcomes, loads and the age of every stale read are those of a plain reference on 1,200 random traces', () => {
  const met = { stale: 0, coalesced: 0, early: 0, negative: 0 };
  fc.assert(
    fc.property(timedTraces, settings, (trace, setting) => {
      const full = fullTimeSetting(setting);
      const expected = plainly(trace, full);
      const { outcomes, staleReads, staleAgeMs, ...counted } = simulateTime(trace, setting);
      const zero = { hit: 0, early: 0, stale: 0, negative: 0, miss: 0, coalesced: 0 };
      expect(outcomes).toEqual({ ...zero, ...expected.outcomes });
      expect(staleReads).toBe(expected.staleAges.length);
      expect(staleAgeMs?.longest ?? 0).toBe(Math.max(0, ...expected.staleAges));
      const sum = expected.staleAges.reduce((total, age) => total + age, 0);
      expect((staleAgeMs?.mean ?? 0) * staleReads).toBeCloseTo(sum, 6);
      expect(counted.renewals).toBe(expected.renewals);
      expect(counted.loads).toBe(expected.loads.length);
      const buckets = Array.from(counted.loadsPerSecond.buckets, () => 0);
      for (const atMs of expected.loads) buckets[Math.floor(atMs / 1000)]! += 1;
      expect([...counted.loadsPerSecond.buckets]).toEqual(buckets);
      met.stale += staleReads;
      for (const name of ['coalesced', 'early', 'negative'] as const) met[name] += outcomes[name];
    }),
    { numRuns: 1200 },
  );
  // Had the traces met none of these, nothing would have been compared.
  for (const count of Object.values(met)) expect(count).toBeGreaterThan(100);
}, 60_000);

describe('a load that a change overlaps', () => {
  /** Reads each 10 ms for 2 s, with one write; a load takes 100 ms, a copy lives for 1 s. */
  const around = (writeMs: number, setting: Partial<TimeSetting>) => {
    const times = Array.from({ length: 200 }, (_, at) => at * 10);
    const at = times.findIndex((time) => time > writeMs);
    times.splice(at, 0, writeMs);
    const trace: Trace = {
      ids: new Int32Array(times.length),
      objects: 1,
      ticks: Uint32Array.from(times),
      tickMs: 1,
      bytes: null,
      ops: Uint8Array.from(times, (_, one) => (one === at ? OP.write : OP.read)),
    };
    return simulateTime(trace, {
      seed: 1,
      ttlMs: 1000,
      loadMs: 100,
      coalesce: 'process',
      ...setting,
    });
  };

  test('leaves its old value past the DEL until the TTL is over', () => {
    const { staleReads, staleAgeMs } = around(55, { invalidate: 'delete' });
    // Joined at 60 to 90 ms, read from the copy at 100 to 990 ms, joined no more: the next load saw the change.
    expect(staleReads).toBe(94);
    expect(staleAgeMs?.longest).toBe(935);
  });

  test('leaves nothing under a fence, which nobody joins after the DEL', () => {
    expect(around(55, { invalidate: 'delete', fenced: true }).staleReads).toBe(0);
  });

  test('is the only one to leave anything: a change of a copy at rest is gone with its DEL', () => {
    expect(around(555, { invalidate: 'delete' }).staleReads).toBe(0);
    const late = around(555, { invalidate: 'delete', invalidateDelayMs: 30 });
    expect([late.staleReads, late.staleAgeMs?.longest]).toEqual([3, 25]);
    expect(around(555, {}).staleReads).toBe(44);
  });
});

test('requests before fromTick fill the cache and count for nothing', () => {
  const trace: Trace = {
    ids: Int32Array.from([0, 1, 0, 1, 2]),
    objects: 3,
    ticks: Uint32Array.from([0, 1, 2, 3, 3]),
    tickMs: 1000,
    bytes: Uint32Array.from([10, 20, 30]),
    ops: null,
  };
  const warm = simulateTime(trace, { seed: 1, ttlMs: Infinity, fromTick: 2 });
  expect(warm).toMatchObject({ reads: 3, hits: 2, hitRatio: 2 / 3, loads: 1 });
  expect([...warm.loadsPerSecond.buckets]).toEqual([0, 1]);
  expect(warm.loadsPerSecond).toMatchObject({ mean: 0.5, peak: 1, peakOverMean: 2 });
  expect(warm.resident).toMatchObject({ peakObjects: 3, peakBytes: 60, deadShare: 0 });
  expect(warm.resident.meanBytes).toBeCloseTo(45, 0);
});

test('says all that is wrong with a setting, with each value and range', () => {
  const trace = { ids: Int32Array.of(0), objects: 1, tickMs: 1, bytes: null, ops: null };
  const run = (setting: Partial<TimeSetting>, ticks: Uint32Array | null = Uint32Array.of(0)) =>
    simulateTime({ ...trace, ticks }, { seed: 1, ttlMs: 1, ...setting });
  expect(() => run({ ttlMs: 0, jitter: 1 })).toThrow(
    'ttlMs 0 is out of its range: above 0, or Infinity; jitter 1 is out of its range: 0 to 0.9',
  );
  expect(() => run({ refreshAhead: 0.5, xfetchBeta: 1 })).toThrow('choose one');
  expect(() => run({ renewal: 'sliding', xfetchBeta: 1 })).toThrow('leave the freshness defence');
  expect(() => run({}, null)).toThrow('the trace has no times');
  expect(() => run({ eviction: { policy: lru, capacity: 5, unit: 'bytes' } })).toThrow('no sizes');
  expect(() => run({ bucketMs: 1e-9 })).toThrow('at most 16777216');
});
