import { describe, expect, test } from 'vitest';
import { bytesInRedis } from '../redis/memory.ts';
import { OP, readsOf, type Trace } from '../trace.ts';
import { bestOf } from './choose.ts';
import { avalanchePerSecond, livesOf } from './lives.ts';
import type { Question, Way } from './question.ts';
import { capacityOf, inRedis, memoriesOf } from './room.ts';
import type { Row } from './rows.ts';
import { stampedeOf } from './stampede.ts';

const MB = 2 ** 20;
const HOUR_MS = 3_600_000;

const cached: Way = {
  name: 'cached',
  setting: () => ({}),
  boundMs: (ttlMs, jitter) => Math.round(ttlMs * (1 + jitter)) + 870,
};
const lease: Way = { name: 'lease', setting: () => ({}), boundMs: () => 0 };

function questionOf(change: Partial<Question> = {}): Question {
  return {
    ...{ maxStaleMs: 30_000, memoryBytes: 512 * MB, selectsPerSecond: null, selectsPerLoad: 100 },
    ...{ loadMs: 870, updateRatePerSecond: 0, warmShare: 0.2, sample: 1, seed: 1 },
    ...{ ways: [cached], policies: ['allkeys-lru'] },
    ...change,
  };
}

describe('TTLs', () => {
  const day = { spanMs: 24 * HOUR_MS, copies: 1000 };
  const ttls = (question: Question, trace: typeof day = day): number[] =>
    livesOf(question, trace).map(({ ttlMs }) => ttlMs);

  test('pages at most 30 s old, loads of 870 ms and lives of ± 10 % allow 26 s', () => {
    // (30,000 − 870) / 1.1 = 26,481.
    const lives = livesOf(questionOf(), day);
    expect(lives.map(({ ttlMs }) => ttlMs)).toContain(26_000);
    const kept = lives.filter(({ boundMs }) => boundMs <= 30_000).at(-1);
    expect(kept).toEqual({ way: 'cached', ttlMs: 26_000, jitter: 0.1, boundMs: 29_470 });
  });

  test('a promise of 29,470 ms is just enough for 26 s, one ms less for 25 s', () => {
    const longest = (maxStaleMs: number): number | undefined =>
      livesOf(questionOf({ maxStaleMs }), day).findLast(({ boundMs }) => boundMs <= maxStaleMs)
        ?.ttlMs;
    expect([longest(29_470), longest(29_469)]).toEqual([26_000, 25_000]);
  });

  test('the grid has round steps below and above, and ends with the trace', () => {
    expect(ttls(questionOf()).slice(0, 5)).toEqual([1000, 3000, 10_000, 26_000, 30_000]);
    expect(ttls(questionOf()).at(-1)).toBe(24 * HOUR_MS - 400_000); // two digits
    expect(ttls(questionOf(), { spanMs: 8123, copies: 1 })).toEqual([1000, 3000, 8100]);
  });

  test('a promise shorter than any load leaves no TTL that keeps it', () => {
    const lives = livesOf(questionOf({ maxStaleMs: 900 }), day);
    expect(lives.some(({ boundMs }) => boundMs <= 900)).toBe(false);
  });

  test('where deletion keeps the promise, the TTL may be as long as the trace', () => {
    const lives = livesOf(questionOf({ ways: [lease] }), day);
    expect(lives.at(-1)!.ttlMs).toBe(86_000_000);
    expect(lives.every(({ boundMs }) => boundMs === 0)).toBe(true);
  });
});

describe('jitter', () => {
  test('1,000 copies of one moment end at 50 a second with 100 s ± 10 %, at once without', () => {
    expect(avalanchePerSecond(1000, 0.1, 100_000)).toBe(50);
    expect(avalanchePerSecond(1000, 0, 100_000)).toBe(1000);
    // Never more than there are.
    expect(avalanchePerSecond(1000, 0.1, 1000)).toBe(1000);
  });

  const jitterAt = (selectsPerSecond: number | null, copies = 1000): number =>
    livesOf(questionOf({ selectsPerSecond }), { spanMs: HOUR_MS, copies })[0]!.jitter;

  test('is the least that keeps an avalanche within --db-rps: 0, 10, 20, 30 or 50 %', () => {
    // 1,000 copies, 100 SELECTs each: all at once are 100,000 a second.
    expect(jitterAt(100_000)).toBe(0);
    expect(jitterAt(99_999)).toBe(0.1);
    // 26 s ± 10 %: 192 loads, 19,231 SELECTs a second. 24 s ± 20 %: 104. 22 s ± 30 %: 75.8. 19 s ± 50 %: 52.6.
    expect(jitterAt(19_300)).toBe(0.1);
    expect(jitterAt(19_200)).toBe(0.2);
    expect(jitterAt(10_300)).toBe(0.3);
    expect(jitterAt(7500)).toBe(0.5);
  });

  test('is 10 % where no limit is named, and where none of them is enough', () => {
    expect(jitterAt(null)).toBe(0.1);
    expect(jitterAt(5000)).toBe(0.1);
  });
});

describe('memory', () => {
  test('of 512 MB: 64, 128, 256 and 512, and more to look at where nothing will do', () => {
    const memories = memoriesOf({ memoryBytes: 512 * MB }).map((bytes) => bytes / MB);
    expect(memories).toEqual([64, 128, 256, 512, 1024, 2048, 4096, 8192]);
    expect(memoriesOf({ memoryBytes: 8 * MB })[0]).toBe(4 * MB);
  });

  test('2 MB of it are the server’s, and a sample of a tenth has a tenth of the rest', () => {
    expect(capacityOf(12 * MB, { sample: 1 })).toBe(10 * MB);
    expect(capacityOf(12 * MB, { sample: 0.1 })).toBe(MB);
  });

  test('an object takes its key, value, entries in two tables and 24 bytes of buckets; 500 bytes where its size is unknown', () => {
    const trace: Trace = { ...readsOf(Int32Array.of(0, 1), 2), bytes: Uint32Array.of(3000, 0) };
    const sizes = { keyBytes: 32, valueBytes: 500 };
    const expires = { expires: true };
    expect([...inRedis(trace, sizes).bytes!]).toEqual([
      24 + bytesInRedis(32, 3000, expires),
      24 + bytesInRedis(32, 500, expires),
    ]);
    expect(inRedis({ ...trace, bytes: null }, sizes).bytes![0]).toBe(
      24 + bytesInRedis(32, 500, expires),
    );
  });
});

describe('stampede defence', () => {
  /** 10 s; object 0 is read 20 times and changed 5 times, object 1 is read twice. */
  const trace: Trace = {
    ...readsOf(
      Int32Array.from({ length: 27 }, (_, at) => (at > 24 ? 1 : 0)),
      2,
    ),
    ticks: Uint32Array.from({ length: 27 }, (_, at) => Math.min(9, at)),
    ops: Uint8Array.from({ length: 27 }, (_, at) => (at < 5 ? OP.write : OP.read)),
  };

  test('2 reads a second and loads of 500 ms make 1 + λΔ = 2 loads per expiry; single-flight leaves 1', () => {
    expect(stampedeOf(trace, { loadMs: 500, processes: 1 })).toEqual({
      ...{ hottestPerSecond: 2, loadsPerExpiry: 2, defence: 'single-flight', defended: 1 },
    });
  });

  test('several processes need a lock', () => {
    expect(stampedeOf(trace, { loadMs: 500, processes: 4 }).defence).toBe('lock');
  });

  test('fewer than 1.1 loads per expiry are nothing to defend against', () => {
    expect(stampedeOf(trace, { loadMs: 40, processes: 4 })).toMatchObject({
      ...{ defence: 'none', loadsPerExpiry: 1.08, defended: 1.08 },
    });
  });

  test('a trace without times is refused', () => {
    expect(() => stampedeOf({ ...trace, ticks: null }, { loadMs: 1, processes: 1 })).toThrow(
      /no times/,
    );
  });
});

test('the best has the fewest loads, then the least memory, the shortest promise, the shorter TTL, the simpler way, the first policy', () => {
  const row: Row = {
    ...{ way: 'cached', ttlMs: 1000, jitter: 0, boundMs: 1000, memoryBytes: 8 * MB },
    ...{ policy: 'allkeys-lru', hitRatio: 0.5, loadsPerSecond: 1, selectsPerRead: 1 },
    ...{ peakSelectsPerSecond: 1, peakOverMean: 1, staleShare: null, longestStaleMs: null },
    residentBytes: MB,
  };
  const question = questionOf({ ways: [cached, lease], policies: ['allkeys-lru', 'volatile-ttl'] });
  // Each is worse than the one before, and better in all that counts less.
  const worse: Partial<Row>[] = [
    { policy: 'volatile-ttl' },
    { way: 'lease' },
    { ttlMs: 2000 },
    { boundMs: 2000, ttlMs: 500 },
    { memoryBytes: 16 * MB, boundMs: 500 },
    { loadsPerSecond: 2, memoryBytes: 4 * MB },
  ];
  const rows = [row, ...worse.map((change) => ({ ...row, ...change }))];
  for (let from = 0; from < rows.length; from += 1) {
    expect(bestOf(rows.slice(from), question)).toBe(rows[from]);
    expect(bestOf(rows.slice(from).toReversed(), question)).toBe(rows[from]);
  }
});
