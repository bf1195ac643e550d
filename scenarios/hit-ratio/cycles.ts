import { tQuantile } from '../../lab/stats/t-interval.ts';
import { wilson } from '../../lab/stats/wilson.ts';
import type { Estimate } from '../../lab/result.ts';

/** What is told of each request of one key. Times in seconds. */
export interface KeyRead {
  start: number;
  end: number;
  outcome: 'hit' | 'miss' | 'coalesced';
  stale: boolean;
}

/** Requests of one key from a miss to the next one that comes when no load is under way. */
export interface Cycle {
  requests: number;
  hits: number;
  misses: number;
  stale: number;
  /** Seconds from the first miss to the first copy; null without a miss. */
  untilCopy: number | null;
}

/** What is counted in cycles. */
export type Counted = 'hits' | 'misses' | 'stale';
const COUNTED: readonly Counted[] = ['hits', 'misses', 'stale'];

/**
 * Cuts one key's requests into renewal cycles. Misses during a load belong to the cycle of that load. The first cycle lacks
 * its beginning where the copy was there already, the last one its end.
 * @param reads - In order of their starts.
 */
export function cyclesOf(reads: readonly KeyRead[]): Cycle[] {
  const cycles: Cycle[] = [];
  let busyUntil = Number.NEGATIVE_INFINITY;
  let began = 0;
  for (const { start, end, outcome, stale } of reads) {
    const begins = outcome !== 'hit' && start >= busyUntil;
    if (outcome !== 'hit') busyUntil = Math.max(busyUntil, end);
    if (begins || cycles.length === 0) {
      cycles.push({ requests: 0, hits: 0, misses: 0, stale: 0, untilCopy: null });
      if (begins) began = start;
    }
    const cycle = cycles.at(-1)!;
    cycle.requests += 1;
    if (outcome === 'hit') cycle.hits += 1;
    if (outcome === 'miss') {
      cycle.misses += 1;
      // Of loads side by side the quickest ends the misses, not the mean one.
      cycle.untilCopy = Math.min(cycle.untilCopy ?? Number.POSITIVE_INFINITY, end - began);
    }
    if (stale) cycle.stale += 1;
  }
  return cycles;
}

/** Sums over cycles from which shares and their intervals follow; they add up over keys and over trials. */
export type CycleSums = Record<string, number>;

/** Adds cycles to the sums of a stratum: `to 5/hits`, `to 5/hits²`, `to 5/hits·requests`. */
export function addCycles(sums: CycleSums, stratum: string, cycles: readonly Cycle[]): void {
  const add = (name: string, value: number): void => {
    const key = `${stratum}/${name}`;
    sums[key] = (sums[key] ?? 0) + value;
  };
  for (const cycle of cycles) {
    add('cycles', 1);
    add('requests', cycle.requests);
    add('requests²', cycle.requests ** 2);
    if (cycle.untilCopy !== null) {
      add('copies', 1);
      add('untilCopy', cycle.untilCopy);
    }
    for (const name of COUNTED) {
      add(name, cycle[name]);
      add(`${name}²`, cycle[name] ** 2);
      add(`${name}·requests`, cycle[name] * cycle.requests);
    }
  }
}

/**
 * Share of the requests of some strata together, with its 95 % interval.
 *
 * Requests of one key are not independent: within a TTL all but the first are hits. Cycles are, so a stratum's variance is
 * that of a ratio of sums over its cycles, Σ(x - p·r)² / (Σr)². To it comes how the requests happen to fall on the strata.
 * The variance gives the number of independent requests that would be as uncertain; the interval is Wilson's for that
 * number, widened as Student's t asks where cycles are few.
 * @returns Null without a request; without an interval from a single cycle.
 */
export function shareOf(
  sums: CycleSums,
  strata: readonly string[],
  counted: Counted,
): Estimate | null {
  const parts = strata
    .map((stratum) => partOf(sums, stratum, counted))
    .filter((one) => one.requests > 0);
  const total = (read: (part: Part) => number): number =>
    parts.reduce((sum, part) => sum + read(part), 0);
  const requests = total((part) => part.requests);
  if (requests === 0) return null;
  const share = total((part) => part.share * part.requests) / requests;
  const cycles = total((part) => part.cycles);
  const degrees = cycles - parts.length;
  if (degrees < 1) return { value: share, interval: null, n: cycles };
  const within = total((part) => part.squares) / requests ** 2;
  const mix = total((part) => part.requests * (part.share - share) ** 2) / requests ** 2;
  const variance = within + mix;
  const widening = (tQuantile(0.975, degrees) / tQuantile(0.975, 1e6)) ** 2;
  const effective = (variance > 0 ? (share * (1 - share)) / variance : requests) / widening;
  const interval = wilson(share * effective, effective)?.interval ?? null;
  return { value: share, interval, n: cycles };
}

/** Mean seconds from the first miss of a cycle to its first copy; null where none was loaded. */
export function meanUntilCopy(sums: CycleSums, strata: readonly string[]): number | null {
  const total = (name: string): number =>
    strata.reduce((sum, stratum) => sum + (sums[`${stratum}/${name}`] ?? 0), 0);
  const copies = total('copies');
  return copies === 0 ? null : total('untilCopy') / copies;
}

/** What one stratum contributes. */
interface Part {
  requests: number;
  cycles: number;
  share: number;
  /** Variance of its count of events, given its requests. */
  squares: number;
}

function partOf(sums: CycleSums, stratum: string, counted: Counted): Part {
  const of = (name: string): number => sums[`${stratum}/${name}`] ?? 0;
  const [cycles, requests] = [of('cycles'), of('requests')];
  const share = requests === 0 ? 0 : of(counted) / requests;
  const residuals =
    of(`${counted}²`) - 2 * share * of(`${counted}·requests`) + share ** 2 * of('requests²');
  // A single cycle says nothing of how cycles differ: as if its requests were independent.
  const squares =
    cycles < 2 ? requests * share * (1 - share) : (Math.max(0, residuals) * cycles) / (cycles - 1);
  return { requests, cycles, share, squares };
}
