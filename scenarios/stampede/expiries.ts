import { OUTCOMES } from '../../lab/result.ts';
import type { Outcome } from '../../lab/result.ts';
import type { Journal } from '../../lab/server-protocol.ts';

/** What the journals say of one page, whichever process did it. Microseconds of the journals' clock. */
export interface History {
  /** By their start. */
  reads: ReadRow[];
  /** By their start. */
  loads: LoadRow[];
}

export interface ReadRow {
  startUs: number;
  endUs: number;
  /** Null: the load failed. */
  outcome: Outcome | null;
  status: number;
}

export interface LoadRow {
  startUs: number;
  endUs: number;
  selects: number;
  failed: boolean;
}

/** A page as its reader timed it. */
export interface PageTime {
  startUs: number;
  responseMs: number;
}

const byStart = (a: { startUs: number }, b: { startUs: number }): number => a.startUs - b.startUs;

/** Reads and loads of one store in all processes. */
export function historyOf(journals: readonly Journal[], slug: string): History {
  const reads: ReadRow[] = [];
  const loads: LoadRow[] = [];
  for (const journal of journals) {
    const store = journal.slugs.indexOf(slug);
    const { reads: read, loads: load } = journal;
    read.slug.forEach((index, row) => {
      if (index !== store) return;
      reads.push({
        startUs: read.startUs[row]!,
        endUs: read.endUs[row]!,
        outcome: OUTCOMES[read.outcome[row]!] ?? null,
        status: read.status[row]!,
      });
    });
    load.slug.forEach((index, row) => {
      if (index !== store) return;
      loads.push({
        startUs: load.startUs[row]!,
        endUs: load.endUs[row]!,
        selects: load.selects[row]!,
        failed: load.version[row] === -1,
      });
    });
  }
  return { reads: reads.sort(byStart), loads: loads.sort(byStart) };
}

/** What happened from one moment to another. */
export function between(history: History, fromUs: number, toUs: number): History {
  const within = ({ startUs }: { startUs: number }): boolean => startUs >= fromUs && startUs < toUs;
  return { reads: history.reads.filter(within), loads: history.loads.filter(within) };
}

/** Most reads that were under way at the same time. */
export function mostInFlight(reads: readonly ReadRow[]): number {
  const edges = reads.flatMap(({ startUs, endUs }) => [
    { atUs: startUs, step: 1 },
    { atUs: endUs, step: -1 },
  ]);
  edges.sort((a, b) => a.atUs - b.atUs || a.step - b.step);
  let inFlight = 0;
  let most = 0;
  for (const { step } of edges) {
    inFlight += step;
    most = Math.max(most, inFlight);
  }
  return most;
}

/** Share of a burst that must be under way at once, where readers wait for the page. */
const IN_FLIGHT_SHARE = 0.8;

/**
 * Why a burst was none; null: it was one. All of it must have come before the first load was done: who comes later
 * finds the new copy, whatever the policy.
 * @param readersWait - False where old copies are sent: such reads take so little time that few are under way at once.
 */
export function burstProblem(
  { reads, loads }: History,
  size: number,
  readersWait: boolean,
): string | null {
  if (reads.length !== size) return `${reads.length} of ${size} reads came`;
  const firstEndUs = Math.min(...loads.map(({ endUs }) => endUs));
  if (loads.length === 0) return 'nobody loaded: the copy had not expired';
  const late = reads.filter(({ startUs }) => startUs >= firstEndUs).length;
  if (late > 0) return `${late} of ${size} reads began after the first load had ended`;
  const most = mostInFlight(reads);
  if (readersWait && most < IN_FLIGHT_SHARE * size) return `at most ${most} of ${size} at once`;
  return null;
}

/** Loads that begin so soon after the end of another belong to the same expiry: a leak of the lock, not the next expiry. */
const SAME_EXPIRY_US = 250_000;

/** Loads by expiry: each group ends when no load is under way, nor began soon after. @param loads - By start. */
export function loadsByExpiry(loads: readonly LoadRow[]): LoadRow[][] {
  const groups: LoadRow[][] = [];
  let endUs = Number.NEGATIVE_INFINITY;
  for (const load of loads) {
    if (load.startUs > endUs + SAME_EXPIRY_US) groups.push([]);
    groups.at(-1)!.push(load);
    endUs = Math.max(endUs, load.endUs);
  }
  return groups;
}

/** One expiry in the figures of the experiment. */
export interface ExpiryFigures {
  loads: number;
  selects: number;
  /** From the start of the first load until the first new copy is there: for so long, readers without defence load. */
  firstLoadMs: number;
  /** Mean of all loads. */
  loadMs: number;
  /** From the first read that was no plain hit to the end of the last one; null: all were hits. */
  recoveryMs: number | null;
}

/** @param history - Of one expiry: its loads, and the reads about them. */
export function figuresOf({ reads, loads }: History): ExpiryFigures {
  const firstUs = Math.min(...loads.map(({ startUs }) => startUs));
  const firstEndUs = Math.min(...loads.map(({ endUs }) => endUs));
  const waited = reads.filter(({ outcome }) => outcome !== 'hit');
  return {
    loads: loads.length,
    selects: loads.reduce((sum, { selects }) => sum + selects, 0),
    firstLoadMs: (firstEndUs - firstUs) / 1000,
    loadMs:
      loads.reduce((sum, { startUs, endUs }) => sum + endUs - startUs, 0) / 1000 / loads.length,
    recoveryMs:
      waited.length === 0
        ? null
        : (Math.max(...waited.map(({ endUs }) => endUs)) - waited[0]!.startUs) / 1000,
  };
}

/** 99th percentile by nearest rank: of fewer than 100 pages, the slowest. Null without a page. */
export function p99Ms(pages: readonly PageTime[]): number | null {
  if (pages.length === 0) return null;
  const sorted = pages.map(({ responseMs }) => responseMs).sort((a, b) => a - b);
  return sorted[Math.ceil(0.99 * sorted.length) - 1] ?? null;
}

/** What belongs to an expiry before its first load begins and after its last one has ended. */
const BEFORE_US = 100_000;
const AFTER_US = 200_000;

/** The p99 about one expiry, and of as many pages before it, twice: the second ratio is what chance makes of equals. */
export interface TailFigures {
  aroundMs: number;
  hitsMs: number;
  /** p99 about the expiry over p99 on hits. */
  ratio: number;
  /** p99 of the hits just before over p99 of the hits before those. */
  hitsRatio: number | null;
}

/** The span about an expiry. */
export function spanOf(loads: readonly LoadRow[]): { fromUs: number; toUs: number } {
  return {
    fromUs: Math.min(...loads.map(({ startUs }) => startUs)) - BEFORE_US,
    toUs: Math.max(...loads.map(({ endUs }) => endUs)) + AFTER_US,
  };
}

/**
 * @param pages - By start.
 * @param calmFromUs - End of the expiry before: from here on there were hits alone.
 * @returns Null where fewer pages lie in the calm than about the expiry: two quantiles are compared only over equal counts.
 */
export function tailOf(
  pages: readonly PageTime[],
  span: { fromUs: number; toUs: number },
  calmFromUs: number,
): TailFigures | null {
  const inSpan = pages.filter(({ startUs }) => startUs >= span.fromUs && startUs < span.toUs);
  const calm = pages.filter(({ startUs }) => startUs >= calmFromUs && startUs < span.fromUs);
  const n = inSpan.length;
  if (n === 0 || calm.length < n) return null;
  const aroundMs = p99Ms(inSpan)!;
  const hitsMs = p99Ms(calm.slice(-n))!;
  // Two stretches of hits that touch, as long as the calm allows.
  const k = Math.min(n, Math.floor(calm.length / 2));
  const earlierMs = p99Ms(calm.slice(-2 * k, -k));
  return {
    aroundMs,
    hitsMs,
    ratio: aroundMs / hitsMs,
    hitsRatio: earlierMs === null ? null : p99Ms(calm.slice(-k))! / earlierMs,
  };
}
