import type { Analysed } from './experiment.ts';
import type { ArmAnalysis, ClaimResult, Comparison, Estimate } from './result.ts';

/** The story's claims in our words; `scenarios/<name>/experiment.ts` judges them. */
export const STATEMENTS = {
  C1: 'one page = 114 SELECTs',
  C2: 'each query takes 5-10 ms, together 114 x 10 ms = 1,140 ms',
  C3: 'with network and rendering, the queries explain a page of 5-6 s',
  C4: 'an app CPU at 30 % can go with a page of seconds',
  C5: 'memory against disk is 1 ms against 100 ms',
  C6: 'the cache takes the page from 6,000 ms to under 200 ms, 30 times and more',
  C7: 'a hit costs 0 queries, the database load falls by 99 %',
  C8: 'the hit ratio is 99.97 % with a TTL of 1 h',
  C9: 'a hit ratio above 80 % is healthy',
  C10: 'Redis is fast because commands run on one thread without locks; GET and SET are O(1), LRANGE O(n), ZADD O(log n)',
  C11: 'one Hash against one String per field saves about 50 % of the memory',
  C12: 'AOF everysec loses at most one second, RDB what came since the snapshot, mixed combines quick recovery with completeness',
  C13: 'noeviction makes the application fail',
  C14: 'LRU evicts a key used 1,000 times last week in favour of one touched once just now; LFU keeps it',
  C15: 'a mem_fragmentation_ratio above 1.5 is serious; activedefrag heals it',
  C16: 'Sentinel and Cluster fail over by themselves',
  C17: 'a 10 MB value blocks everybody; splitting it by category or by Hash field, or compressing it, helps',
  C18: 'a hot key overloads one node; a local cache or 10 copies of the key read at random help',
  C19: 'KEYS, SMEMBERS and HGETALL on large keys block; SCAN, SSCAN and HSCAN do not',
  C20: 'caching "NULL" for 300 s cures penetration',
  C21: 'a lock (SET NX EX 10, the others sleep 50 ms and try again) cures the stampede',
  C22: 'TTL ± 10 % at random cures the avalanche',
  C23: 'synchronous app and client serve about 100 requests/s at 200-500 ms, an asynchronous app with a synchronous client about 200 at 100-300 ms, both asynchronous about 5,000 at 10-50 ms',
  C24: 'a pipeline turns N round trips into one',
  C25: 'the fallback to the database keeps the page up when Redis is gone',
  C26: 'guests see the old price for up to the whole TTL of 1 h',
  C27: 'a TTL of 1 min means 60 misses an hour instead of 1 and a hit ratio of about 50 %',
  C28: 'event-driven invalidation eliminates stale data for good: users always see the newest',
  C29: 'trigger + LISTEN/NOTIFY is production-grade and needs no change in the application',
  C30: 'deleting at the moment of change beats waiting for expiry',
} as const;

export type ClaimId = keyof typeof STATEMENTS;

/** A claim's verdict with its statement filled in. */
export function claim(
  id: ClaimId,
  verdict: ClaimResult['verdict'],
  measured: string,
  reason: string,
): ClaimResult {
  return { id, statement: STATEMENTS[id], verdict, figure: measured, reason };
}

/** A claim that this run has no valid data for. */
export function notJudged(id: ClaimId, reason: string): ClaimResult {
  return claim(id, 'not judged', '-', reason);
}

/** The arm, if it has at least one valid trial. */
export function armOf(analysis: Analysed, name: string): ArmAnalysis | null {
  const arm = analysis.arms.find((one) => one.arm === name);
  return arm !== undefined && arm.trials.valid > 0 ? arm : null;
}

export function comparisonOf(
  analysis: Analysed,
  baseline: string,
  candidate: string,
  measure: string,
): Comparison | null {
  return (
    analysis.comparisons.find(
      (one) =>
        one.baseline === baseline && one.candidate === candidate && one.measure.name === measure,
    ) ?? null
  );
}

/** Merged quantile of an arm, in ms. */
export function quantileOf(arm: ArmAnalysis | null, q: number): number | null {
  return arm?.quantiles.find((one) => one.q === q)?.ms ?? null;
}

/** How many times faster, from a ratio candidate / baseline of times: 0.01 (0.008 to 0.0125) -> 100 (80 to 125). */
export function speedup(ratio: Estimate): Estimate {
  return {
    value: 1 / ratio.value,
    interval:
      ratio.interval === null
        ? null
        : { ...ratio.interval, low: 1 / ratio.interval.high, high: 1 / ratio.interval.low },
    n: ratio.n,
  };
}

/** `412 (380 to 450)`. */
export function times(estimate: Estimate): string {
  const value = figure(estimate.value);
  if (estimate.interval === null) return value;
  return `${value} (${figure(estimate.interval.low)} to ${figure(estimate.interval.high)})`;
}

/** Three significant digits, with thousands separators. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return 'unknown';
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

/** `912 ms`, `2.2 ms`, `6.1 s`. */
export function milliseconds(value: number | null): string {
  if (value === null) return 'unknown';
  return value >= 1000 ? `${figure(value / 1000)} s` : `${figure(value)} ms`;
}
