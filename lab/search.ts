import type { Probe, SearchResult } from './result.ts';

/** Where a search may look, and when it has looked enough. */
export interface SearchRange {
  startRatePerSecond: number;
  maxRatePerSecond: number;
  /** Stops when lowest fail / highest pass is at most this, e.g. 1.1. */
  precision: number;
}

const MIN_RATE_PER_SECOND = 1;

/**
 * The next rate to probe: doubles until a probe fails (halves if the first one does), then halves the
 * bracket on a log scale. Null when the bracket is narrow enough, or the range is used up.
 */
export function nextRate(probes: readonly Probe[], range: SearchRange): number | null {
  const { pass, fail } = bracket(probes);
  if (pass === null && fail === null) return range.startRatePerSecond;
  if (fail === null) {
    if (pass! >= range.maxRatePerSecond) return null;
    return Math.min(range.maxRatePerSecond, pass! * 2);
  }
  if (pass === null) {
    if (fail <= MIN_RATE_PER_SECOND) return null;
    // Steeper than halving: a page that is too slow at any rate is found out in three probes.
    return Math.max(MIN_RATE_PER_SECOND, Math.floor(fail / 3));
  }
  if (fail / pass <= range.precision) return null;
  const middle = Math.round(Math.sqrt(pass * fail));
  return middle <= pass || middle >= fail ? null : middle;
}

/** Highest rate below every failing one that passed, and lowest that failed. */
function bracket(probes: readonly Probe[]): { pass: number | null; fail: number | null } {
  const fails = probes.filter((probe) => !probe.passed).map((probe) => probe.ratePerSecond);
  const fail = fails.length === 0 ? null : Math.min(...fails);
  const passes = probes
    .filter((probe) => probe.passed && (fail === null || probe.ratePerSecond < fail))
    .map((probe) => probe.ratePerSecond);
  return { pass: passes.length === 0 ? null : Math.max(...passes), fail };
}

/** Cores from which on a process of one thread, or the generator, counts as full. */
const FULL_CORES = 0.85;
const FULL_GENERATOR_CORES = 0.7;

/**
 * The result of a finished search. What gave out first is read from the CPU figures of the probe that
 * failed at the lowest rate: a full server thread, else a full generator.
 */
export function searchResult(probes: readonly Probe[]): SearchResult {
  const { pass, fail } = bracket(probes);
  return {
    probes: [...probes],
    highestPassPerSecond: pass,
    lowestFailPerSecond: fail,
    limitedBy: limitOf(probes.find((probe) => !probe.passed && probe.ratePerSecond === fail)),
  };
}

function limitOf(failing: Probe | undefined): SearchResult['limitedBy'] {
  // No probe failed: the range ended before the server did, so the figure is a lower bound all the same.
  if (failing === undefined) return 'generator';
  if ((failing.serverCores ?? 0) >= FULL_CORES) return 'server';
  if ((failing.generatorCores ?? 0) >= FULL_GENERATOR_CORES) return 'generator';
  if (failing.ratePerSecond <= MIN_RATE_PER_SECOND) return 'database';
  return 'unknown';
}
