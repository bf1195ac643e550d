import { OUTCOMES } from '../result.ts';
import type { Journal } from '../server-protocol.ts';
import { firstAbove, firstNotBelow } from './lane.ts';
import {
  historyOf,
  type LoadRow,
  type OutsideWrite,
  type ReadRow,
  type StoreRows,
} from './rows.ts';
import { backwardsReads, ownWritesMissed } from './sessions.ts';
import { type Builds, buildsOf, byProduct, type Pages, type View, viewsOf } from './views.ts';

/** Upper edges, in ms, of the steps of the t-visibility curve. */
export const VISIBILITY_STEPS_MS = [
  10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000,
] as const;

/** After these seconds it is asked whether a write was still missing from pages. */
const STILL_STALE_SECONDS = [1, 10, 60] as const;

const HIT = OUTCOMES.indexOf('hit');
const EARLY = OUTCOMES.indexOf('early');
const STALE = OUTCOMES.indexOf('stale');

export interface StalenessOptions {
  /** Default `snapshot`. */
  pages?: Pages;
  /** Changes made beside the servers. */
  outside?: readonly OutsideWrite[];
  /** Leaves out reads of the warm-up; default false. */
  measuredOnly?: boolean;
  /**
   * How long after the writer's answer the invalidation may arrive, in ms. 0 (the default) where the server deletes before
   * it answers; more where another process does. Until then an old page is late, not a lost race.
   */
  invalidationLagMs?: number;
}

/**
 * What the journals of one trial say about old pages. Conservative throughout: a read counts as stale only if a write was
 * committed **and acknowledged** before its handling began and the page lacks it. Reads that overlap a write never count.
 */
export interface Staleness {
  /** Pages that were shown. */
  reads: number;
  staleReads: number;
  /** Of the stale ones: sent with the outcome `stale`, so that the reader was told. */
  labelledStaleReads: number;
  /** Of the stale ones: begun after the writer of what they miss had his answer, not only after its COMMIT. */
  staleAfterAnswer: number;
  /** Of each stale read, in ms: its start minus the oldest acknowledgement that it misses. Ascending. */
  agesMs: number[];
  /** Most writes that one read missed. */
  mostMissed: number;
  writes: number;
  /**
   * Of each write, in ms: for how long reads still missed it. A lower bound, zeros included: the last such read minus the
   * acknowledgement. Only writes whose end was seen.
   */
  windowsMs: number[];
  /** Writes that the last read still missed: their windows are longer than seen, and stand apart. */
  windowsOpen: number;
  /** Of the open ones, in ms: what was seen of them. */
  openMs: number[];
  /** Writes after which nobody read. */
  unobserved: number;
  /** Writes that a read missed so many seconds after the acknowledgement, of those with a read that late. */
  stillStale: { seconds: number; stale: number; observed: number }[];
  /** P(stale | t after the write) by steps of t: pairs of a write and a read, and how many of these reads lack it. */
  visibility: { toMs: number; reads: number; stale: number }[];
  /** Reads that show less than an earlier read of their session, completed before they began. */
  backwardsReads: number;
  /** Reads that miss a write of their own session. */
  ownWritesMissed: number;
  loads: number;
  /** Loads that lack a write up to the highest version that they show. */
  tornLoads: number;
  /** Reads of a torn load. */
  tornReads: number;
  /** Loads that lack a write whose COMMIT was acknowledged before they ended: what they fill is old already. */
  overlappingFills: number;
  /**
   * Of the overlapping fills those whose page was taken from the cache, as a fresh one, when the invalidation of what they
   * lack was over: the stale-set race. A fill that is removed by that invalidation, or that was refused, is none.
   */
  staleSets: number;
}

/**
 * Judges the journals of all server processes of one trial (t-visibility: Bailis et al., "Probabilistically Bounded
 * Staleness", VLDB 2012; session guarantees: Terry et al., PDIS 1994).
 * Linear in reads but for binary searches: 200,000 reads and 2,000 writes take well below a second.
 */
export function judgeStaleness(
  journals: readonly Journal[],
  options: StalenessOptions = {},
): Staleness {
  const { pages = 'snapshot', outside = [], measuredOnly = false, invalidationLagMs = 0 } = options;
  const result = nothingSeen();
  for (const store of historyOf(journals, outside, measuredOnly)) {
    const builds = buildsOf(store.loads);
    const views = viewsOf(store, pages, builds);
    judgeReads(store, views, result);
    for (const view of views) judgeWrites(store, view, result);
    judgeLoads(store, views, builds, invalidationLagMs * 1000, result);
    result.backwardsReads += backwardsReads(store.reads, views);
    result.ownWritesMissed += ownWritesMissed(store, views);
  }
  result.agesMs.sort((a, b) => a - b);
  return result;
}

function nothingSeen(): Staleness {
  return {
    reads: 0,
    staleReads: 0,
    labelledStaleReads: 0,
    staleAfterAnswer: 0,
    agesMs: [],
    mostMissed: 0,
    writes: 0,
    windowsMs: [],
    windowsOpen: 0,
    openMs: [],
    unobserved: 0,
    stillStale: STILL_STALE_SECONDS.map((seconds) => ({ seconds, stale: 0, observed: 0 })),
    visibility: VISIBILITY_STEPS_MS.map((toMs) => ({ toMs, reads: 0, stale: 0 })),
    backwardsReads: 0,
    ownWritesMissed: 0,
    loads: 0,
    tornLoads: 0,
    tornReads: 0,
    overlappingFills: 0,
    staleSets: 0,
  };
}

function judgeReads({ reads }: StoreRows, views: readonly View[], result: Staleness): void {
  result.reads += reads.length;
  for (const read of reads) {
    let missed = 0;
    let oldestUs = Infinity;
    let afterAnswer = false;
    for (const view of views) {
      const shown = view.shownByRead(read);
      const lacks = view.committed.missed(shown, read.startUs);
      missed += lacks.count;
      oldestUs = Math.min(oldestUs, lacks.oldestUs);
      afterAnswer ||= lacks.count > 0 && view.answered.missed(shown, read.startUs).count > 0;
    }
    if (missed === 0) continue;
    result.staleReads += 1;
    if (read.outcome === STALE) result.labelledStaleReads += 1;
    if (afterAnswer) result.staleAfterAnswer += 1;
    result.agesMs.push((read.startUs - oldestUs) / 1000);
    result.mostMissed = Math.max(result.mostMissed, missed);
  }
}

/** Windows and t-visibility of the writes of one view. Reads are in the order of their starts. */
function judgeWrites({ reads }: StoreRows, view: View, result: Staleness): void {
  const starts = reads.map((read) => read.startUs);
  const shown = reads.map((read) => view.shownByRead(read));
  // The last read below a version is the last place at which the minimum of all that follow is below it.
  const lowestFrom = [...shown];
  for (let at = shown.length - 2; at >= 0; at -= 1) {
    lowestFrom[at] = Math.min(shown[at]!, lowestFrom[at + 1]!);
  }
  const { writes } = view.committed;
  result.writes += writes.length;
  for (const { ackUs, version } of writes) {
    const first = firstAbove(starts, ackUs);
    if (first === reads.length) {
      result.unobserved += 1;
      continue;
    }
    // -1 or before `first`: no read missed it.
    const last = firstNotBelow(lowestFrom, version) - 1;
    const windowMs = last < first ? 0 : (starts[last]! - ackUs) / 1000;
    if (last === reads.length - 1) {
      result.windowsOpen += 1;
      result.openMs.push(windowMs);
    } else {
      result.windowsMs.push(windowMs);
    }
    const seenMs = (starts.at(-1)! - ackUs) / 1000;
    for (const step of result.stillStale) {
      if (seenMs < step.seconds * 1000) continue;
      step.observed += 1;
      if (windowMs >= step.seconds * 1000) step.stale += 1;
    }
    addVisibility({ starts, shown, ackUs, version, first, last }, result);
  }
}

function addVisibility(
  write: {
    starts: number[];
    shown: number[];
    ackUs: number;
    version: number;
    first: number;
    last: number;
  },
  { visibility }: Staleness,
): void {
  const { starts, shown, ackUs, version, last } = write;
  let from = write.first;
  for (const step of visibility) {
    const to = firstAbove(starts, ackUs + step.toMs * 1000);
    step.reads += to - from;
    for (let at = from; at < to && at <= last; at += 1) {
      if (shown[at]! < version) step.stale += 1;
    }
    from = to;
  }
}

function judgeLoads(
  store: StoreRows,
  views: readonly View[],
  builds: Builds,
  lagUs: number,
  result: Staleness,
): void {
  const { reads, loads } = store;
  result.loads += loads.length;
  const torn = tornLoads(store);
  result.tornLoads += torn.size;
  // By load: the answer to the first write that it lacks.
  const overtaken = new Map<LoadRow, number>();
  for (const load of loads) {
    const lacking = views.filter(
      (view) => view.committed.missed(view.shownByLoad(load), load.endUs).count > 0,
    );
    if (lacking.length === 0) continue;
    const answers = lacking.map(
      (view) => view.answered.missed(view.shownByLoad(load), Infinity).oldestUs,
    );
    overtaken.set(load, Math.min(...answers));
  }
  result.overlappingFills += overtaken.size;
  if (torn.size === 0 && overtaken.size === 0) return;
  const sets = new Set<LoadRow>();
  for (const read of reads) {
    const sources = builds.of(read);
    if (sources.length === 0) continue;
    // In doubt, the source that is innocent.
    if (sources.every((load) => torn.has(load))) result.tornReads += 1;
    const outlived = sources.every(
      (load) =>
        read.startUs > (overtaken.get(load) ?? Infinity) + lagUs && cameFromCache(read, load),
    );
    if (outlived) sets.add(sources[0]!);
  }
  result.staleSets += sets.size;
}

/**
 * The read was answered from a copy as if it were a fresh one: it says so, or the load was over when it began. A page that
 * is sent as `stale` was kept for that purpose.
 */
function cameFromCache(read: ReadRow, load: LoadRow): boolean {
  if (read.outcome === STALE) return false;
  return read.startUs > load.endUs || [HIT, EARLY].includes(read.outcome);
}

/** Loads that show a write and lack an older one: they cannot come from one snapshot, whatever their version says. */
function tornLoads({ loads, writes }: StoreRows): Set<LoadRow> {
  const versionsByDish = byProduct(writes).map(
    ([product, own]) => [product, own.map((write) => write.version)] as const,
  );
  return new Set(
    loads.filter(({ version, dishes }) => {
      const highest = Math.max(version, ...dishes.values());
      return versionsByDish.some(([product, versions]) => {
        const due = versions[firstAbove(versions, highest) - 1] ?? 0;
        return due > (dishes.get(product) ?? 0);
      });
    }),
  );
}
