import { OUTCOMES } from '../../lab/result.ts';
import type { Journal } from '../../lab/server-protocol.ts';

const HIT = OUTCOMES.indexOf('hit');
/** The page came past the cache, because it gave no answer. */
const BYPASS = OUTCOMES.indexOf('bypass');

/** Width of a point on the time axis. */
export const BUCKET_US = 500_000;
/** Back is a hit ratio that has come this near to the old one, and stays for two points. */
const BACK_SHARE = 0.95;

/** Reads in buckets of half a second from the start of the measured phase; arrays of one length. */
export interface PageBuckets {
  reads: number[];
  hits: number[];
  degraded: number[];
}

export function bucketPages(
  journals: readonly Journal[],
  startUs: number,
  seconds: number,
): PageBuckets {
  const empty = (): number[] => Array.from({ length: (seconds * 1e6) / BUCKET_US }, () => 0);
  const buckets: PageBuckets = { reads: empty(), hits: empty(), degraded: empty() };
  for (const { reads } of journals) {
    for (const [row, us] of reads.startUs.entries()) {
      const at = Math.floor((us - startUs) / BUCKET_US);
      if (reads.measured[row] !== 1 || buckets.reads[at] === undefined) continue;
      buckets.reads[at] += 1;
      if (reads.outcome[row] === HIT) buckets.hits[at]! += 1;
      if (reads.outcome[row] === BYPASS) buckets.degraded[at]! += 1;
    }
  }
  return buckets;
}

/** Counts of buckets as a rate: `[second, per second]`. */
export function perSecond(counts: readonly number[]): [number, number][] {
  return counts.map((count, at) => [(at * BUCKET_US) / 1e6, (count * 1e6) / BUCKET_US]);
}

/** Hits over reads in each bucket that has reads: `[second, share]`. */
export function hitShares({ reads, hits }: PageBuckets): [number, number][] {
  return reads.flatMap((count, at): [number, number][] =>
    count === 0 ? [] : [[(at * BUCKET_US) / 1e6, hits[at]! / count]],
  );
}

/**
 * From the fault until the hit ratio was again what it had been before, for good as far as was seen.
 * @returns ms; 0: it never fell; null: it was not back at the end.
 */
export function recoveryMs(buckets: PageBuckets, faultMs: number): number | null {
  const shares = hitShares(buckets);
  const before = shares.filter(([second]) => second * 1000 + BUCKET_US / 1000 <= faultMs);
  const old = before.reduce((sum, [, share]) => sum + share, 0) / Math.max(1, before.length);
  const after = shares.slice(before.length);
  const low = after.findLastIndex(([, share]) => share < old * BACK_SHARE);
  if (low < 0) return 0;
  const next = after[low + 1];
  // The last bucket is seldom whole.
  return next === undefined || low >= after.length - 2 ? null : next[0] * 1000 - faultMs;
}
