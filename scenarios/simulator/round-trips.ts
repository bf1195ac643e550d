import type { Journal } from '../../lab/server-protocol.ts';

/** One build of a page, from the moment it had its connection. */
interface Work {
  beginUs: number;
  endUs: number;
  selects: number;
}

/**
 * When each load got its connection, which the journal does not say: the pool lets callers in by their order, so the n-th gets
 * in when it asks or, if later, at the end of so many loads before it that a connection is free. Loads that were turned away
 * never got in.
 * @param connections - Of the one process whose journal it is.
 */
export function worksOf({ loads }: Pick<Journal, 'loads'>, connections: number): Work[] {
  const rows = loads.selects
    .map((selects, row) => ({ selects, startUs: loads.startUs[row]!, endUs: loads.endUs[row]! }))
    .filter(({ selects }) => selects > 0)
    .sort((a, b) => a.startUs - b.startUs);
  const ends = rows.map(({ endUs }) => endUs).sort((a, b) => a - b);
  return rows.map(({ selects, startUs, endUs }, at) => ({
    beginUs: Math.max(startUs, ends[at - connections] ?? startUs),
    endUs,
    selects,
  }));
}

/** BEGIN and COMMIT are round trips too. */
const BEGIN_AND_COMMIT = 2;

/** Fewer loads than this do not tell how fast a second was. */
const FEWEST_LOADS = 10;

/**
 * Time of one round trip of each load, second by second: a machine is not equally fast in all of them.
 * @returns Lists of ms, one a second that has enough loads; a single one of all loads where no second has; none without a load.
 */
export function roundTripsBySecond(
  works: readonly Work[],
  window: { fromUs: number; toUs: number },
): number[][] {
  const seconds = new Map<number, number[]>();
  for (const { beginUs, endUs, selects } of works) {
    if (beginUs < window.fromUs || endUs > window.toUs) continue;
    const second = Math.floor((beginUs - window.fromUs) / 1e6);
    const trip = (endUs - beginUs) / 1000 / (selects + BEGIN_AND_COMMIT);
    seconds.set(second, [...(seconds.get(second) ?? []), trip]);
  }
  const all = [...seconds.values()];
  const full = all.filter((trips) => trips.length >= FEWEST_LOADS);
  if (full.length > 0) return full;
  return all.length === 0 ? [] : [all.flat()];
}
