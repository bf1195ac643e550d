import type { Staleness } from '../../lab/oracle/staleness.ts';
import type { Findings } from '../../lab/result.ts';
import type { Journal } from '../../lab/server-protocol.ts';
import type { Edited } from './editor.ts';

/** Values of one trial that are kept for drawing, evenly taken from the sorted ones. */
const MOST_SAMPLES = 200;

/** Name of a step of the t-visibility curve among the totals. */
export const visibilityTotal = (toMs: number, what: 'reads' | 'stale'): string =>
  `within${toMs}Ms${what === 'reads' ? 'Reads' : 'Stale'}`;

/** Name of a count of writes that were still missing after some seconds. */
const stillStaleTotal = (seconds: number, what: 'stale' | 'observed'): string =>
  `${what}After${seconds}s`;

/** What the oracle says of one trial, in the form in which trials are added up. */
export function findingsOf(facts: {
  /** Of the measured readers. */
  judged: Staleness;
  /** Of all reads, the owner's own among them. */
  everybody: Staleness;
  edited: Edited;
  journals: readonly Journal[];
  refusedFills: number;
  editedSeconds: number;
  /** Longest staleness that the policy promises; null: none. */
  boundMs: number | null;
}): Findings {
  const { judged, everybody, edited, journals } = facts;
  return {
    totals: {
      reads: judged.reads,
      staleReads: judged.staleReads,
      labelledStaleReads: judged.labelledStaleReads,
      staleAfterAnswer: judged.staleAfterAnswer,
      writes: judged.writes,
      editedSeconds: facts.editedSeconds,
      windowsOpen: judged.windowsOpen,
      unobservedWrites: judged.unobserved,
      backwardsReads: judged.backwardsReads,
      ownWritesLooked: edited.looks,
      ownWritesMissed: everybody.ownWritesMissed,
      loads: judged.loads,
      tornLoads: judged.tornLoads,
      tornReads: judged.tornReads,
      overlappingFills: judged.overlappingFills,
      refusedFills: facts.refusedFills,
      staleSets: everybody.staleSets,
      ...Object.fromEntries(
        judged.visibility.flatMap(({ toMs, reads, stale }) => [
          [visibilityTotal(toMs, 'reads'), reads],
          [visibilityTotal(toMs, 'stale'), stale],
        ]),
      ),
      ...Object.fromEntries(
        judged.stillStale.flatMap(({ seconds, stale, observed }) => [
          [stillStaleTotal(seconds, 'stale'), stale],
          [stillStaleTotal(seconds, 'observed'), observed],
        ]),
      ),
    },
    samples: {
      ageMs: evenly(judged.agesMs),
      longestAgeMs: [judged.agesMs.at(-1) ?? 0],
      mostMissed: [judged.mostMissed],
      windowMs: judged.windowsMs,
      openMs: judged.openMs,
      loadMs: evenly(loadTimesMs(journals)),
      boundMs: facts.boundMs === null ? [] : [facts.boundMs],
    },
    series: [],
    notes: [],
  };
}

/** 0 without a load. */
export function longestLoadMs(journals: readonly Journal[]): number {
  return loadTimesMs(journals).at(-1) ?? 0;
}

function loadTimesMs(journals: readonly Journal[]): number[] {
  return journals
    .flatMap(({ loads }) =>
      loads.version.flatMap((version, row) =>
        version > 0 ? [(loads.endUs[row]! - loads.startUs[row]!) / 1000] : [],
      ),
    )
    .sort((a, b) => a - b);
}

/** At most `MOST_SAMPLES` of ascending values, the smallest and the largest among them. */
function evenly(ascending: readonly number[]): number[] {
  if (ascending.length <= MOST_SAMPLES) return [...ascending];
  const step = (ascending.length - 1) / (MOST_SAMPLES - 1);
  return Array.from({ length: MOST_SAMPLES }, (_, at) => ascending[Math.round(at * step)]!);
}
