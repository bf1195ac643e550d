import { expect, test } from 'vitest';
import type { Journal } from '../../lab/server-protocol.ts';
import {
  burstProblem,
  figuresOf,
  historyOf,
  loadsByExpiry,
  mostInFlight,
  p99Ms,
  tailOf,
} from './expiries.ts';
import type { History, LoadRow, ReadRow } from './expiries.ts';

const read = (startMs: number, endMs: number, outcome: ReadRow['outcome'] = 'miss'): ReadRow => ({
  startUs: startMs * 1000,
  endUs: endMs * 1000,
  outcome,
  status: 200,
});
const load = (startMs: number, endMs: number): LoadRow => ({
  startUs: startMs * 1000,
  endUs: endMs * 1000,
  selects: 114,
  failed: false,
});

/** 10 readers who come within 9 ms and wait for one load of 800 ms. */
const burst: History = {
  reads: Array.from({ length: 10 }, (_, index) => read(index, 810 + index)),
  loads: [load(1, 801)],
};

test('journals of two processes become one history of the page, other stores left out', () => {
  const journal = (slugs: string[], slug: number[], startUs: number[]): Journal => ({
    slugs,
    reads: {
      ...{ slug, startUs, endUs: startUs.map((us) => us + 5) },
      ...{ status: slug.map(() => 200), outcome: slug.map(() => 3), version: slug.map(() => 1) },
      ...{ loadedAtMs: slug.map(() => 0), session: slug.map(() => 0), measured: slug.map(() => 1) },
    },
    loads: {
      slug: [],
      startUs: [],
      endUs: [],
      startedAtMs: [],
      selects: [],
      version: [],
      dishes: [],
    },
    writes: { slug: [], product: [], sendUs: [], ackUs: [], doneUs: [], version: [], session: [] },
  });
  const { reads } = historyOf(
    [journal(['a', 'hot'], [1, 0, 1], [30, 20, 10]), journal(['hot'], [0], [20])],
    'hot',
  );
  expect(reads.map(({ startUs }) => startUs)).toEqual([10, 20, 30]);
  expect(reads[0]?.outcome).toBe('miss');
});

test('10 readers before the end of the load are a burst; nobody loading, a late or a missing one make it none', () => {
  expect(burstProblem(burst, 10, true)).toBeNull();
  expect(burstProblem({ ...burst, loads: [] }, 10, true)).toContain('nobody loaded');
  expect(burstProblem({ ...burst, reads: burst.reads.slice(1) }, 10, true)).toContain('9 of 10');
  const late = { ...burst, reads: [...burst.reads.slice(1), read(802, 803, 'hit')] };
  expect(burstProblem(late, 10, true)).toContain('1 of 10 reads began after');
});

test('readers one after the other are no burst where they are to wait, and may be one where old copies are sent', () => {
  const quick = { ...burst, reads: burst.reads.map((_, index) => read(index * 2, index * 2 + 1)) };
  expect(mostInFlight(quick.reads)).toBe(1);
  expect(burstProblem(quick, 10, true)).toContain('at most 1 of 10');
  expect(burstProblem(quick, 10, false)).toBeNull();
});

test('a load 100 ms after the first belongs to its expiry, one after 1 s to the next', () => {
  const groups = loadsByExpiry([load(0, 800), load(10, 900), load(1000, 1800), load(2800, 3600)]);
  expect(groups.map((group) => group.length)).toEqual([3, 1]);
});

test('one expiry: 2 loads, 228 SELECTs, 790 ms until the first copy, 830 ms until all reads are hits', () => {
  const reads = [
    read(-20, -15, 'hit'),
    read(0, 805),
    read(400, 830, 'coalesced'),
    read(900, 902, 'hit'),
  ];
  const figures = figuresOf({ reads, loads: [load(1, 801), load(5, 791)] });
  expect(figures).toEqual({
    ...{ loads: 2, selects: 228, firstLoadMs: 790, loadMs: 793, recoveryMs: 830 },
  });
});

test('the tail about an expiry is compared with as many hits before it, and hits with hits', () => {
  const pages = Array.from({ length: 90 }, (_, index) => ({
    startUs: index * 10_000,
    responseMs: index < 60 ? 2 : 500,
  }));
  pages[45]!.responseMs = 4;
  const span = { fromUs: 600_000, toUs: 900_000 };
  expect(tailOf(pages, span, 0)).toEqual({ aroundMs: 500, hitsMs: 4, ratio: 125, hitsRatio: 2 });
  expect(tailOf(pages, span, 400_000)).toBeNull();
});

test('the p99 of 200 pages is the third slowest, of 50 the slowest', () => {
  const pages = Array.from({ length: 200 }, (_, index) => ({ startUs: 0, responseMs: index + 1 }));
  expect(p99Ms(pages)).toBe(198);
  expect(p99Ms(pages.slice(0, 50))).toBe(50);
  expect(p99Ms([])).toBeNull();
});
