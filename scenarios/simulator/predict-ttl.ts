import type { StoreRows } from '../../lab/oracle/rows.ts';
import { OUTCOMES } from '../../lab/result.ts';
import { randomStream } from '../../sim/random.ts';
import { estimateOf } from '../../sim/service/replicate.ts';
import { simulateTime } from '../../sim/time/simulate.ts';
import { OP, type Trace } from '../../sim/trace.ts';
import { ALL, RANK_CLASSES, type RankClass } from '../hit-ratio/grid.ts';
import type { Prediction } from './predictions.ts';

/** Runs differ in what the journal does not tell of the copies before the window, so few suffice. */
const RUNS = 40;
/** An eighth of a millisecond: sums of such ticks are exact. */
const TICK_US = 125;

export const HIT_RATIO = 'hit ratio';
export const STALE_SHARE = 'share of old pages';

/** What a trial of pages with a TTL gives to the simulation: its own requests and changes, and how long a load took. */
interface TtlTrial {
  stores: readonly StoreRows[];
  /** Number of pages: `store-00001` to this one. */
  pages: number;
  window: { fromUs: number; toUs: number };
  ttlMs: number;
  loadMs: number;
  coalesced: boolean;
  /** What a change does to the copy. */
  changes: 'none' | 'ignored' | 'deleted';
  seed: number;
}

/** One read of a page, or one change of it. */
interface Request {
  /** From 0 inside its class. */
  page: number;
  atUs: number;
  op: number;
}

/** What the journal tells of a class of pages. */
interface Known {
  requests: readonly Request[];
  before: ReadonlyMap<number, Before>;
}

interface Counts {
  reads: number;
  hits: number;
  stale: number;
}

/** Hit ratio by class of pages and of all; the share of old pages where changes are ignored. */
export function predictTtl(trial: TtlTrial): Prediction[] {
  const classes = RANK_CLASSES.map((ranks) => ({
    ranks,
    known: { requests: requestsOf(trial, ranks), before: beforeWindow(trial, ranks) },
  }));
  const runs = Array.from({ length: RUNS }, (_, run) =>
    classes.map(({ ranks, known }) => simulate(trial, ranks, known, run)),
  );
  const all = runs.map((counts) => sum(counts));
  const hitRatio = (ranks: RankClass, counts: readonly Counts[]): Prediction => ({
    quantity: `${HIT_RATIO}, ${ranks.name}`,
    runs: shares(counts, 'hits'),
  });
  return [
    ...RANK_CLASSES.map((ranks, at) =>
      hitRatio(
        ranks,
        runs.map((counts) => counts[at]!),
      ),
    ),
    hitRatio(ALL, all),
    ...(trial.changes === 'ignored'
      ? [{ quantity: `${STALE_SHARE}, ${ALL.name}`, runs: shares(all, 'stale') }]
      : []),
  ];
}

function shares(counts: readonly Counts[], counted: 'hits' | 'stale'): Prediction['runs'] {
  return estimateOf(counts.filter(({ reads }) => reads > 0).map((one) => one[counted] / one.reads));
}

function sum(counts: readonly Counts[]): Counts {
  const total = { reads: 0, hits: 0, stale: 0 };
  for (const { reads, hits, stale } of counts) {
    total.reads += reads;
    total.hits += hits;
    total.stale += stale;
  }
  return total;
}

/** Reads by their start and changes by their acknowledgement, in order: as the oracle of the staleness takes them. */
function requestsOf({ stores, window, changes }: TtlTrial, ranks: RankClass): Request[] {
  const requests = stores.flatMap(({ slug, reads, writes }): Request[] => {
    const rank = rankOf(slug);
    if (rank === null || rank < ranks.from || rank > ranks.to) return [];
    const page = rank - ranks.from;
    return [
      ...reads.map(({ startUs }) => ({ page, atUs: startUs, op: OP.read })),
      ...(changes === 'none' ? [] : writes).map(({ ackUs }) => ({
        page,
        atUs: ackUs,
        op: OP.write,
      })),
    ];
  });
  return requests.filter(({ atUs }) => atUs < window.toUs).sort((a, b) => a.atUs - b.atUs);
}

/** `store-00012` has rank 12; null for a page that is none of these. */
function rankOf(slug: string): number | null {
  const digits = /^store-(\d+)$/.exec(slug)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** What the journal tells of a page’s copy before the window: the load that made it, and its last hit. */
interface Before {
  loadUs: number;
  hitUs: number;
}

const NOTHING: Before = { loadUs: Number.NEGATIVE_INFINITY, hitUs: Number.NEGATIVE_INFINITY };

/** By page from 0 inside the class. */
function beforeWindow({ stores, window }: TtlTrial, ranks: RankClass): Map<number, Before> {
  const known = new Map<number, Before>();
  for (const { slug, reads } of stores) {
    const rank = rankOf(slug);
    if (rank === null || rank < ranks.from || rank > ranks.to) continue;
    const before = { ...NOTHING };
    let busyUntilUs = Number.NEGATIVE_INFINITY;
    for (const { startUs, endUs, outcome } of reads) {
      if (startUs >= window.fromUs) break;
      if (OUTCOMES[outcome] === 'hit') before.hitUs = startUs;
      else {
        // A miss while another loads belongs to that one’s load.
        if (startUs >= busyUntilUs) before.loadUs = startUs;
        busyUntilUs = Math.max(busyUntilUs, endUs);
      }
    }
    known.set(rank - ranks.from, before);
  }
  return known;
}

const MOST_DRAWS = 20;

/**
 * When a page’s history begins in a run: with the load of its copy, or later without a copy. The trial deletes each copy once,
 * at a random moment of a TTL, and does not tell when; it was not between the load and the last hit.
 */
function beginOf(
  { loadUs, hitUs }: Before,
  deleted: { fromUs: number; withinUs: number },
  random: () => number,
): number {
  for (let draw = 0; draw < MOST_DRAWS; draw += 1) {
    const atUs = deleted.fromUs + random() * deleted.withinUs;
    if (atUs > Math.max(loadUs, hitUs)) return atUs;
    if (atUs <= loadUs) break;
  }
  return Math.max(deleted.fromUs, loadUs);
}

/** One run over the pages of a class, from the state that the journal tells. */
function simulate(
  { window, pages, ttlMs, loadMs, coalesced, changes, seed }: TtlTrial,
  { name, from, to }: RankClass,
  { requests, before }: Known,
  run: number,
): Counts {
  const objects = Math.max(1, Math.min(to, pages) - from + 1);
  const random = randomStream(seed + run, `deletions of ${name}`);
  const ttlUs = ttlMs * 1000;
  const originUs = window.fromUs - 1.5 * ttlUs;
  const deleted = { fromUs: originUs, withinUs: ttlUs };
  const beginUs = Float64Array.from({ length: objects }, (_, page) =>
    beginOf(before.get(page) ?? NOTHING, deleted, random),
  );
  const kept = requests.filter(({ page, atUs }) => atUs >= beginUs[page]!);
  if (kept.length === 0) return { reads: 0, hits: 0, stale: 0 };
  const tick = (us: number): number => Math.floor((us - originUs) / TICK_US);
  const trace: Trace = {
    ids: Int32Array.from(kept, ({ page }) => page),
    objects,
    ticks: Uint32Array.from(kept, ({ atUs }) => tick(atUs)),
    tickMs: TICK_US / 1000,
    bytes: null,
    ops: Uint8Array.from(kept, ({ op }) => op),
  };
  const { reads, hits, staleReads } = simulateTime(trace, {
    seed: seed + run,
    ttlMs,
    loadMs,
    coalesce: coalesced ? 'process' : 'none',
    invalidate: changes === 'deleted' ? 'delete' : 'none',
    fromTick: tick(window.fromUs),
  });
  return { reads, hits, stale: staleReads };
}
