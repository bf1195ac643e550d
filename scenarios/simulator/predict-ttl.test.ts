import { expect, test } from 'vitest';
import type { StoreRows } from '../../lab/oracle/rows.ts';
import { OUTCOMES } from '../../lab/result.ts';
import { seededRandom } from '../../lab/seeded-random.ts';
import { poissonTimes, renewalHitRatio } from '../../lab/theory/hit-ratio.ts';
import { predictTtl } from './predict-ttl.ts';

/** A window of 10 s that begins at second 20. */
const WINDOW = { fromUs: 20e6, toUs: 30e6 };

/** A page that is read, and changed, at these seconds; the read at `loadAt` loads it. */
function page(
  rank: number,
  reads: readonly number[],
  writes: readonly number[] = [],
  loadAt: number | null = null,
): StoreRows {
  return {
    slug: `store-${String(rank).padStart(5, '0')}`,
    reads: reads.map((second) => ({
      ...{ startUs: Math.round(second * 1e6), endUs: Math.round(second * 1e6) + 500 },
      ...{ outcome: OUTCOMES.indexOf(second === loadAt ? 'miss' : 'hit'), version: 1 },
      ...{ loadedAtMs: 0, session: 0 },
    })),
    loads: [],
    writes: writes.map((second, at) => ({
      ...{
        product: 1,
        sendUs: second * 1e6 - 900,
        ackUs: second * 1e6,
        doneUs: second * 1e6 + 100,
      },
      ...{ version: at + 2, session: 0 },
    })),
  };
}

const every = (step: number): number[] =>
  Array.from({ length: 300 / (step * 10) }, (_, k) => k * step);

function predict(
  stores: StoreRows[],
  change: Partial<Parameters<typeof predictTtl>[0]> = {},
): Map<string, number> {
  const predictions = predictTtl({
    ...{ stores, pages: 1000, window: WINDOW, ttlMs: 1000, loadMs: 0, coalesced: false },
    ...{ changes: 'none' as const, seed: 1, ...change },
  });
  return new Map(
    predictions.flatMap(({ quantity, runs }) => (runs === null ? [] : [[quantity, runs.mean]])),
  );
}

test('a page that is read each 0.1 s misses one of 10 with a TTL of 1 s, whenever its life began', () => {
  const found = predict([page(1, every(0.1))]);
  expect(found.get('hit ratio, rank 1')).toBeCloseTo(0.9, 10);
  expect(found.get('hit ratio, all')).toBeCloseTo(0.9, 10);
  expect([...found.keys()]).toEqual(['hit ratio, rank 1', 'hit ratio, all']);
});

test('loads of 0.25 s that are not shared cost 2 more misses a cycle, shared ones none that load', () => {
  const reads = [page(1, every(0.1))];
  expect(predict(reads, { loadMs: 250 }).get('hit ratio, rank 1')).toBeLessThan(0.85);
  const shared = predict(reads, { loadMs: 250, coalesced: true }).get('hit ratio, rank 1');
  // Of 10 reads one loads and 2 wait for it.
  expect(shared).toBeCloseTo(0.7, 10);
});

test('a change that nobody acts on makes hits old until the copy ends, which the journal’s load says; DEL costs a miss', () => {
  // A copy of 12 s that was loaded at second 14 ends at 26, one of second 18 at 30; the change comes at 25.05.
  const loaded = (second: number): StoreRows[] => [page(1, every(0.1), [25.05], second)];
  const ttlMs = 12_000;
  const stale = (second: number): number | undefined =>
    predict(loaded(second), { ttlMs, changes: 'ignored' }).get('share of old pages, all');
  expect(stale(14)).toBeCloseTo(0.09, 10);
  expect(stale(18)).toBeCloseTo(0.49, 10);
  const deleted = predict(loaded(18), { ttlMs, changes: 'deleted' });
  expect(deleted.has('share of old pages, all')).toBe(false);
  expect(deleted.get('hit ratio, all')).toBeCloseTo(0.99, 10);
});

test('a page that nobody asked for since its load may have been deleted: some runs begin without a copy', () => {
  // Loaded at second 10 for 12 s, read again at 21; the deletion came between 2 and 14, so in a third of the runs after the load.
  const stores = [page(1, [10, 21], [], 10)];
  const { mean } = predictTtl({
    ...{ stores, pages: 1, window: WINDOW, ttlMs: 12_000, loadMs: 0, coalesced: false },
    ...{ changes: 'none' as const, seed: 1 },
  }).find(({ quantity }) => quantity === 'hit ratio, all')!.runs!;
  expect(mean).toBeGreaterThan(0.3);
  expect(mean).toBeLessThan(0.9);
});

test('Poisson reads of pages of all ranks are hit as the renewal form says, class by class', () => {
  const random = seededRandom('predict');
  const rates = new Map([
    [1, 8],
    [7, 4],
    [50, 2],
    [500, 1],
  ]);
  const seconds = 400;
  const window = { fromUs: 20e6, toUs: seconds * 1e6 };
  const stores = [...rates].map(([rank, rate]) => page(rank, poissonTimes(rate, seconds, random)));
  const found = predict(stores, { window });
  const classes = ['rank 1', 'ranks 2-10', 'ranks 11-100', 'ranks 101-1000'];
  [...rates.values()].forEach((rate, at) => {
    const ratio = found.get(`hit ratio, ${classes[at]!}`)! / renewalHitRatio(rate, 1);
    expect(Math.abs(ratio - 1)).toBeLessThan(0.2);
  });
});

test('reads after the window, and pages that are none of the ranks, do not count', () => {
  const stray = { ...page(1, every(0.01)), slug: 'lao-zhang' };
  const late = page(1, [...every(0.1), ...Array.from({ length: 1000 }, (_, k) => 30 + k / 100)]);
  expect(predict([late, stray]).get('hit ratio, all')).toBeCloseTo(0.9, 10);
});
