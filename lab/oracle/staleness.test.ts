import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../seeded-random.ts';
import { journalOf, type MadeUpHistory } from './fixtures/journals.ts';
import { judgeStaleness, type Staleness, type StalenessOptions } from './staleness.ts';

const judge = (history: MadeUpHistory, options?: StalenessOptions): Staleness =>
  judgeStaleness([journalOf(history)], options);

const ascending = (a: number, b: number): number => a - b;

describe('which reads are stale', () => {
  const writes = [
    { ack: 100, version: 2 },
    { ack: 200, version: 3 },
  ];

  test('a read that began 150 ms after the first of two missed writes is 150 ms old and misses 2', () => {
    const result = judge({ writes, reads: [{ at: 250, version: 1 }] });
    expect(result).toMatchObject({ reads: 1, staleReads: 1, agesMs: [150], mostMissed: 2 });
  });

  test('a read that began before the acknowledgement is not stale, whatever it shows', () => {
    const reads = [{ at: 100, end: 900, version: 1 }];
    expect(judge({ writes, reads }).staleReads).toBe(0);
  });

  test('acknowledgements out of order: what was acknowledged later does not count yet', () => {
    const late = [
      { ack: 300, version: 2 },
      { ack: 100, version: 3 },
    ];
    const reads = [{ at: 200, version: 1 }];
    expect(judge({ writes: late, reads })).toMatchObject({ mostMissed: 1, agesMs: [100] });
    expect(judge({ writes: late, reads: [{ at: 200, version: 2 }] }).mostMissed).toBe(1);
    expect(judge({ writes: late, reads: [{ at: 350, version: 3 }] }).staleReads).toBe(0);
  });

  test('writes of one store say nothing about pages of another; those of another process count', () => {
    const elsewhere = journalOf({ reads: [{ slug: 'b', at: 250, version: 1 }] });
    const here = journalOf({ reads: [{ at: 250, version: 1 }] });
    const result = judgeStaleness([elsewhere, here, journalOf({ writes })]);
    expect(result).toMatchObject({ reads: 2, staleReads: 1 });
  });

  test('an edit by psql counts from its COMMIT; one whose COMMIT is unknown never does', () => {
    const edit = { slug: 'a', product: 7, sendUs: 90_000, ackUs: 100_000, version: 2 };
    const history = { reads: [{ at: 150, version: 1 }] };
    expect(judge(history, { outside: [edit] }).agesMs).toEqual([50]);
    const unknown = judge(history, { outside: [{ ...edit, ackUs: Infinity }] });
    expect(unknown).toMatchObject({ staleReads: 0, unobserved: 1 });
  });

  test('answers without a page and reads of the warm-up are left out', () => {
    const reads = [
      { at: 250, version: 0 },
      { at: 250, version: 1, measured: false },
    ];
    expect(judge({ writes, reads }, { measuredOnly: true }).reads).toBe(0);
    expect(judge({ writes, reads }).staleReads).toBe(1);
  });

  test('old pages that say so, and those sent while the writer still waited, are counted apart', () => {
    const result = judge({
      writes: [{ ack: 100, done: 130, version: 2 }],
      reads: [
        { at: 120, version: 1 },
        { at: 140, version: 1, outcome: 'stale' },
      ],
    });
    expect(result).toMatchObject({ staleReads: 2, staleAfterAnswer: 1, labelledStaleReads: 1 });
  });
});

describe('windows of writes', () => {
  test('a window ends with the last read that misses the write; a fresh write has 0', () => {
    const result = judge({
      writes: [
        { ack: 100, version: 2 },
        { ack: 900, version: 3 },
      ],
      reads: [
        { at: 150, version: 1 },
        { at: 200, version: 2 },
        { at: 400, version: 1 },
        { at: 1000, version: 3 },
      ],
    });
    expect(result).toMatchObject({ windowsMs: [300, 0], windowsOpen: 0, unobserved: 0 });
  });

  test('a write that the last read still misses has an open window, one after all reads none', () => {
    const result = judge({
      writes: [
        { ack: 100, version: 2 },
        { ack: 9000, version: 3 },
      ],
      reads: [{ at: 1500, version: 1 }],
    });
    expect(result).toMatchObject({ windowsMs: [], windowsOpen: 1, openMs: [1400], unobserved: 1 });
    expect(result.stillStale).toEqual([
      { seconds: 1, stale: 1, observed: 1 },
      { seconds: 10, stale: 0, observed: 0 },
      { seconds: 60, stale: 0, observed: 0 },
    ]);
  });

  test('t-visibility: of the reads 10 to 20 ms after a write one in two misses it, later none', () => {
    const { visibility } = judge({
      writes: [{ ack: 100, version: 2 }],
      reads: [
        { at: 115, version: 1 },
        { at: 118, version: 2 },
        { at: 130, version: 2 },
      ],
    });
    expect(visibility.slice(0, 3)).toEqual([
      { toMs: 10, reads: 0, stale: 0 },
      { toMs: 20, reads: 2, stale: 1 },
      { toMs: 50, reads: 1, stale: 0 },
    ]);
  });
});

describe('what a session sees', () => {
  test('a page older than one that the same session had completed went backwards', () => {
    const reads = [
      { at: 100, end: 110, version: 3, session: 5 },
      { at: 105, version: 2, session: 5 },
      { at: 120, version: 2, session: 5 },
      { at: 130, version: 2, session: 6 },
      { at: 140, version: 1 },
    ];
    expect(judge({ reads }).backwardsReads).toBe(1);
  });

  test('a writer who has his answer and does not see his own write is counted, others are not', () => {
    const reads = [
      { at: 115, version: 1, session: 5 },
      { at: 130, version: 1, session: 5 },
      { at: 130, version: 1, session: 6 },
    ];
    const writes = [{ ack: 110, done: 120, version: 2, session: 5 }];
    expect(judge({ writes, reads }).ownWritesMissed).toBe(1);
  });
});

describe('loads', () => {
  const writes = [{ product: 7, send: 95, ack: 100, done: 101, version: 2 }];

  test('a load over a COMMIT whose old page is served later is a stale set', () => {
    const loads = [{ at: 50, end: 150, version: 1 }];
    const served = { writes, loads, reads: [{ at: 160, version: 1, loadedAt: 50 }] };
    expect(judge(served)).toMatchObject({ overlappingFills: 1, staleSets: 1, staleReads: 1 });
    const refused = { writes, loads, reads: [{ at: 160, version: 2, loadedAt: 155 }] };
    expect(judge(refused)).toMatchObject({ overlappingFills: 1, staleSets: 0, staleReads: 0 });
  });

  test('a reader who joined that load before its end is stale but proves no stale set, nor does a page that says it is old', () => {
    const loads = [{ at: 50, end: 150, version: 1 }];
    const joined = { at: 120, end: 150, version: 1, loadedAt: 50, outcome: 'coalesced' as const };
    expect(judge({ writes, loads, reads: [joined] })).toMatchObject({
      staleReads: 1,
      staleSets: 0,
    });
    const hit = { ...joined, outcome: 'hit' as const };
    expect(judge({ writes, loads, reads: [hit] }).staleSets).toBe(1);
    const labelled = { ...joined, at: 160, outcome: 'stale' as const };
    expect(judge({ writes, loads, reads: [labelled] })).toMatchObject({
      staleReads: 1,
      labelledStaleReads: 1,
      staleSets: 0,
    });
  });

  test('where another process invalidates, an old page within its lag is late, after it a stale set', () => {
    const loads = [{ at: 50, end: 150, version: 1 }];
    const reads = [{ at: 590, version: 1, loadedAt: 50 }];
    const lag = { invalidationLagMs: 500 };
    expect(judge({ writes, loads, reads }, lag)).toMatchObject({ staleReads: 1, staleSets: 0 });
    const later = [{ ...reads[0]!, at: 610 }];
    expect(judge({ writes, loads, reads: later }, lag).staleSets).toBe(1);
  });

  test('a load that ends between COMMIT and answer, and is deleted before the answer, is no stale set', () => {
    const slow = [{ product: 7, send: 95, ack: 100, done: 200, version: 2 }];
    const loads = [{ at: 50, end: 150, version: 1 }];
    const reads = [{ at: 190, version: 1, loadedAt: 50 }];
    const deleted = judge({ writes: slow, loads, reads });
    expect(deleted).toMatchObject({ overlappingFills: 1, staleReads: 1, staleSets: 0 });
    expect(judge({ writes: slow, loads, reads: [{ ...reads[0]!, at: 210 }] }).staleSets).toBe(1);
  });

  test('a load that ended before the COMMIT, one that shows it, and a copy kept too long are none', () => {
    const loads = [
      { at: 10, end: 60, version: 1 },
      { at: 98, end: 150, version: 2 },
    ];
    const reads = [{ at: 170, version: 1, loadedAt: 10 }];
    const result = judge({ writes, loads, reads });
    expect(result).toMatchObject({ overlappingFills: 0, staleSets: 0, staleReads: 1 });
  });

  test('the header may have read its clock one millisecond before the journal', () => {
    const loads = [{ at: 51, end: 150, version: 1 }];
    const reads = [{ at: 160, version: 1, loadedAt: 50 }];
    expect(judge({ writes, loads, reads }).staleSets).toBe(1);
  });

  test('a page with a new dish and an older change missing is torn, and stale by that dish alone', () => {
    const two = [
      { product: 7, ack: 100, version: 2 },
      { product: 8, ack: 110, version: 3 },
    ];
    const dishes: [number, number][] = [[8, 3]];
    const history = {
      writes: two,
      loads: [{ at: 90, end: 150, version: 1, dishes }],
      reads: [{ at: 140, end: 150, version: 1, loadedAt: 90, outcome: 'miss' as const }],
    };
    const torn = judge(history, { pages: 'by dish' });
    expect(torn).toMatchObject({ tornLoads: 1, tornReads: 1, staleReads: 1, mostMissed: 1 });
    expect(torn.agesMs).toEqual([40]);
    const whole = { ...history.loads[0]!, dishes: [...dishes, [7, 2] as [number, number]] };
    const result = judge({ ...history, loads: [whole] }, { pages: 'by dish' });
    expect(result).toMatchObject({ tornLoads: 0, staleReads: 0 });
  });
});

describe('against an oracle that tries every pair', () => {
  const history = fc.record({
    writes: fc.array(
      fc.record({ product: fc.integer({ min: 1, max: 3 }), gap: fc.nat(20), late: fc.nat(30) }),
      { maxLength: 12 },
    ),
    reads: fc.array(
      fc.record({
        at: fc.nat(200),
        span: fc.nat(20),
        version: fc.integer({ min: 1, max: 14 }),
        session: fc.nat(2),
      }),
      { maxLength: 30 },
    ),
  });

  test('stale reads, ages, missed writes, windows and backward reads agree', () => {
    fc.assert(
      fc.property(history, (drawn) => {
        let clock = 0;
        const writes = drawn.writes.map(({ product, gap, late }, index) => {
          clock += gap;
          return { product, ack: clock + late, version: index + 2 };
        });
        const reads = drawn.reads.map(({ at, span, version, session }) => {
          return { at, end: at + span, version, session };
        });
        const result = judge({ writes, reads });

        const missedBy = reads.map((read) =>
          writes.filter((write) => write.ack < read.at && write.version > read.version),
        );
        const stale = reads.flatMap((read, at) =>
          missedBy[at]!.length === 0
            ? []
            : [read.at - Math.min(...missedBy[at]!.map((write) => write.ack))],
        );
        expect(result.staleReads).toBe(stale.length);
        expect(result.agesMs).toEqual(stale.toSorted(ascending));
        expect(result.mostMissed).toBe(Math.max(0, ...missedBy.map((missed) => missed.length)));

        const lastAt = Math.max(...reads.map((read) => read.at));
        const observed = writes.filter((write) => write.ack < lastAt);
        const windows = observed.map((write) => {
          const missing = reads.filter(
            (read) => read.at > write.ack && read.version < write.version,
          );
          return Math.max(0, ...missing.map((read) => read.at - write.ack));
        });
        const found = [...result.windowsMs, ...result.openMs];
        expect(found.toSorted(ascending)).toEqual(windows.toSorted(ascending));
        expect(result.unobserved).toBe(writes.length - observed.length);

        const backwards = reads.filter((read) =>
          reads.some(
            (before) =>
              read.session !== 0 &&
              before.session === read.session &&
              before.end < read.at &&
              before.version > read.version,
          ),
        );
        expect(result.backwardsReads).toBe(backwards.length);
        for (const [at, step] of result.visibility.entries()) {
          const fromMs = result.visibility[at - 1]?.toMs ?? 0;
          const pairs = writes.flatMap((write) =>
            reads
              .filter((read) => read.at - write.ack > fromMs && read.at - write.ack <= step.toMs)
              .map((read) => read.version < write.version),
          );
          expect(step.reads).toBe(pairs.length);
          expect(step.stale).toBe(pairs.filter(Boolean).length);
        }
      }),
    );
  });

  test('pages that show dishes by themselves: as one page per dish', () => {
    fc.assert(
      fc.property(history, (drawn) => {
        const writes = drawn.writes.map(({ product, gap, late }, index) => {
          return { product, ack: index * gap + late, version: index + 2 };
        });
        const shown = (version: number, product: number): number =>
          Math.max(
            0,
            ...writes
              .filter((write) => write.product === product && write.version <= version + product)
              .map((write) => write.version),
          );
        const loads = drawn.reads.map(({ at, version }, index) => ({
          at: index,
          end: at,
          version,
          dishes: [1, 2, 3].map(
            (product) => [product, shown(version, product)] as [number, number],
          ),
        }));
        const reads = drawn.reads.map(({ at, version }, index) => ({
          at,
          version,
          loadedAt: index,
        }));
        const result = judge({ writes, reads, loads }, { pages: 'by dish' });
        const missed = reads.map(({ at, version }) =>
          writes.filter((write) => write.ack < at && write.version > shown(version, write.product)),
        );
        expect(result.staleReads).toBe(missed.filter((one) => one.length > 0).length);
        expect(result.mostMissed).toBe(Math.max(0, ...missed.map((one) => one.length)));
      }),
    );
  });
});

test('200,000 reads and 2,000 writes are judged in a few seconds at most, stale or not', () => {
  const random = seededRandom('large');
  const writes = Array.from({ length: 2000 }, (_, index) => ({
    ack: index * 50 + random() * 40,
    version: index + 2,
  }));
  const reads = Array.from({ length: 200_000 }, (_, index) => ({
    at: index / 2,
    version: index % 7 === 0 ? 1 : Math.floor(index / 100) + 1,
    session: 1 + (index % 100),
  }));
  const startedMs = performance.now();
  const result = judge({ writes, reads });
  expect(performance.now() - startedMs).toBeLessThan(10_000);
  expect(result.staleReads).toBeGreaterThan(28_000);
});
