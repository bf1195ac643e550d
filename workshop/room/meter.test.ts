import { describe, expect, test } from 'vitest';
import { OUTCOMES, type Outcome } from '../../lab/result.ts';
import type { TakenJournal } from '../../lab/server-protocol.ts';
import { lookAt, Meter, quantile } from './meter.ts';

/** Journal time 0 is this moment. */
const EPOCH_MS = 1_000_000;

interface Row {
  slug?: string;
  startMs: number;
  endMs: number;
  status?: number;
  outcome?: Outcome | null;
  version?: number;
  loadedAtMs?: number;
}

function taken(
  nowMs: number,
  rows: Row[],
  more: { writes?: [ackMs: number, version: number][]; selects?: number; inUse?: number } = {},
): TakenJournal {
  const { writes = [], selects = 0, inUse = 0 } = more;
  return {
    journal: {
      slugs: ['lao-zhang', 'store-00001'],
      reads: {
        slug: rows.map(({ slug }) => (slug === undefined ? 0 : 1)),
        startUs: rows.map(({ startMs }) => startMs * 1000),
        endUs: rows.map(({ endMs }) => endMs * 1000),
        status: rows.map(({ status = 200 }) => status),
        outcome: rows.map(({ outcome = 'hit' }) =>
          outcome === null ? -1 : OUTCOMES.indexOf(outcome),
        ),
        version: rows.map(({ version = 1 }) => version),
        loadedAtMs: rows.map(({ loadedAtMs = 0 }) =>
          loadedAtMs === 0 ? 0 : EPOCH_MS + loadedAtMs,
        ),
        session: rows.map(() => 0),
        measured: rows.map(() => 0),
      },
      loads: {
        ...{ slug: [0, 0], startUs: [1, 2], endUs: [3, 4], startedAtMs: [0, 0], selects: [114, 1] },
        ...{ version: [1, -1], dishes: [[], []] },
      },
      writes: {
        slug: writes.map(() => 0),
        product: writes.map(() => 1),
        sendUs: writes.map(([ackMs]) => ackMs * 1000),
        ackUs: writes.map(([ackMs]) => ackMs * 1000),
        doneUs: writes.map(([ackMs]) => ackMs * 1000),
        version: writes.map(([, version]) => version),
        session: writes.map(() => 0),
      },
    },
    nowUs: nowMs * 1000,
    nowMs: EPOCH_MS + nowMs,
    pool: { inUse, waiting: 2 },
    selects,
    redis: { state: 'up', circuit: 'closed', opened: 0 },
  };
}

const span = (atMs: number): { atMs: number; spanMs: number } => ({ atMs, spanMs: 250 });

describe('a sample', () => {
  test('adds up both processes: handling times, hits, ages, SELECTs since the look before', () => {
    const look = lookAt(
      [
        taken(1000, [{ startMs: 900, endMs: 910, loadedAtMs: 400 }], { selects: 500, inUse: 3 }),
        taken(1000, [{ startMs: 900, endMs: 990, outcome: 'miss', loadedAtMs: 900 }], {
          selects: 114,
          inUse: 1,
        }),
      ],
      [400, undefined],
    );
    const sample = new Meter('lao-zhang').sample(look, null, span(1000));
    expect(sample).toMatchObject({
      requests: 2,
      errors: 0,
      p50Ms: 10,
      p99Ms: 90,
      hitRatio: 0.5,
      loadsInFlight: 4,
      waiting: 4,
      selectsPerSecond: 400,
      ageMaxMs: 510,
      ageP50Ms: 90,
      loads: 2,
      redis: null,
    });
  });

  test('has the handling times and hits of 2 s, but ages and errors of its interval alone', () => {
    const meter = new Meter('lao-zhang');
    meter.sample(
      lookAt([taken(1000, [{ startMs: 0, endMs: 100, loadedAtMs: 1 }])], []),
      null,
      span(1000),
    );
    const later = meter.sample(lookAt([taken(2900, [])], []), null, span(2900));
    expect(later).toMatchObject({
      requests: 0,
      p50Ms: 100,
      hitRatio: 1,
      ageMaxMs: null,
      staleShare: null,
    });
    const gone = meter.sample(lookAt([taken(3000, [])], []), null, span(3000));
    expect(gone).toMatchObject({ p50Ms: null, hitRatio: null });
  });

  test('a request that failed before it asked a cache is an error and no lookup', () => {
    const rows = [{ startMs: 0, endMs: 2000, status: 503, outcome: null, version: 0 }];
    const sample = new Meter('lao-zhang').sample(lookAt([taken(2000, rows)], []), null, span(2000));
    expect(sample).toMatchObject({ requests: 1, errors: 1, hitRatio: null, staleShare: null });
  });

  test('rates of Redis are those since the reading before; one that began anew counts from 0', () => {
    const meter = new Meter('lao-zhang');
    const empty = lookAt([], []);
    const redis = { usedMb: 1.005, keys: 3, evicted: 10, commands: 100 };
    expect(meter.sample(empty, redis, span(0)).redis?.commandsPerSecond).toBe(0);
    const second = meter.sample(empty, { ...redis, evicted: 15, commands: 150 }, span(250));
    expect(second.redis).toEqual({
      usedMb: 1,
      keys: 3,
      evictedPerSecond: 20,
      commandsPerSecond: 188, // the room's own 3 left out
    });
    const anew = meter.sample(empty, { ...redis, evicted: 0, commands: 2 }, span(500));
    expect(anew.redis).toMatchObject({ evictedPerSecond: 0, commandsPerSecond: 0 });
  });
});

describe('an old price', () => {
  const sampleOf = (rows: Row[], edits: [ackMs: number, version: number][]) => {
    const look = lookAt([taken(5000, rows, { writes: edits })], []);
    return new Meter('lao-zhang').sample(look, null, span(5000));
  };

  test('is one that an acknowledged edit had replaced before the request came; how long it was wrong counts from the first such edit', () => {
    const edits: [number, number][] = [
      [1000, 2],
      [2000, 3],
    ];
    const old = { startMs: 2500, endMs: 2600, version: 1, loadedAtMs: 1 };
    const current = { ...old, version: 3 };
    expect(sampleOf([old, current], edits)).toMatchObject({ staleShare: 0.5, stalestMs: 1600 });
    expect(sampleOf([{ ...old, version: 2 }], edits)).toMatchObject({ stalestMs: 600 });
  });

  test('that was asked for before the edit was acknowledged is right, and so is that of another store', () => {
    const early = { startMs: 999, endMs: 3000, version: 1, loadedAtMs: 1 };
    expect(sampleOf([early], [[1000, 2]])).toMatchObject({ staleShare: 0, stalestMs: 0 });
    const other = { ...early, slug: 'store-00001', startMs: 2000 };
    expect(sampleOf([other], [[1000, 2]])).toMatchObject({ staleShare: 0 });
  });

  test('is seen after an edit that no server made, whatever the order in which edits become known', () => {
    const meter = new Meter('lao-zhang');
    meter.edited(3, 3_000_000);
    meter.edited(2, 1_000_000);
    const read = { slug: 'lao-zhang', startUs: 2e6, endUs: 2e6, status: 200, hit: true, ageMs: 0 };
    expect(meter.wrongMs({ ...read, version: 1 })).toBe(1000);
    expect(meter.wrongMs({ ...read, version: 2 })).toBe(0);
  });
});

test('a quantile is a value that was there', () => {
  expect(quantile([], 0.99)).toBeNull();
  expect(quantile([1, 2, 3, 4], 0.5)).toBe(2);
  expect(quantile([1, 2, 3, 4], 0.99)).toBe(4);
});
