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
  C20: 'caching "NULL" for 300 s cures penetration',
  C21: 'a lock (SET NX EX 10, the others sleep 50 ms and try again) cures the stampede',
  C22: 'TTL ± 10 % at random cures the avalanche',
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
