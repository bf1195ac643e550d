import type { WriteRow } from './rows.ts';

/** Writes that a page either shows or lacks by one version: those of a whole store, or of one dish. */
export interface Lane {
  /** Ascending by version. */
  writes: readonly WriteRow[];
  /**
   * What a page that shows `version` lacks at a moment: writes of a higher version acknowledged before it.
   * `oldestUs`: the first of these acknowledgements; Infinity where nothing is missed.
   */
  missed(version: number, atUs: number): { count: number; oldestUs: number };
}

/**
 * Looks up by binary search what a naive oracle finds by trying each write. Commits follow each other in the order of
 * versions, but their acknowledgements need not arrive in that order, so neither column alone answers.
 */
export function laneOf(writes: readonly WriteRow[]): Lane {
  const versions = writes.map((write) => write.version);
  const acks = writes.map((write) => write.ackUs);
  const sortedAcks = acks.toSorted((a, b) => (a < b ? -1 : 1));
  const earliestFrom = [...acks, Infinity];
  for (let at = acks.length - 1; at >= 0; at -= 1) {
    earliestFrom[at] = Math.min(acks[at]!, earliestFrom[at + 1]!);
  }
  const latestUpTo: number[] = [];
  for (const [at, ack] of acks.entries()) latestUpTo.push(Math.max(ack, latestUpTo[at - 1] ?? 0));
  return {
    writes,
    missed(version, atUs) {
      const first = firstAbove(versions, version);
      const oldestUs = earliestFrom[first]!;
      if (oldestUs >= atUs) return { count: 0, oldestUs: Infinity };
      // Acknowledged before the moment, without those of a version that the page shows.
      let count = firstNotBelow(sortedAcks, atUs) - first;
      for (let at = first - 1; at >= 0 && latestUpTo[at]! >= atUs; at -= 1) {
        if (acks[at]! >= atUs) count += 1;
      }
      return { count, oldestUs };
    },
  };
}

/** Index of the first value above `limit` in an ascending list; its length if there is none. */
export function firstAbove(ascending: readonly number[], limit: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Index of the first value that is `limit` or above in an ascending list; its length if there is none. */
export function firstNotBelow(ascending: readonly number[], limit: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! >= limit) high = middle;
    else low = middle + 1;
  }
  return low;
}
