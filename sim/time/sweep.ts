import type { Trace } from '../trace.ts';
import type { TimeSetting } from './setting.ts';
import { simulateTime } from './simulate.ts';

/** What one TTL gives and costs. */
export interface TtlRow {
  readonly ttlMs: number;
  readonly hitRatio: number;
  readonly staleShare: number;
  /** `null`: no read was stale. */
  readonly staleP99Ms: number | null;
  readonly loadsPerSecond: number;
  readonly peakLoadsPerSecond: number;
  readonly meanObjects: number;
  /** `null`: the trace has no sizes. */
  readonly meanBytes: number | null;
  /** No other TTL of the table is as good in staleness, load and memory and better in one of them. */
  readonly best: boolean;
}

/**
 * One simulation per TTL.
 * @returns One row per TTL, in the order given.
 * @throws RangeError as `simulateTime` does.
 */
export function sweepTtl(
  trace: Trace,
  ttlsMs: readonly number[],
  setting: Omit<TimeSetting, 'ttlMs'>,
): TtlRow[] {
  const rows = ttlsMs.map((ttlMs) => {
    const { hitRatio, staleShare, staleAgeMs, loadsPerSecond, resident } = simulateTime(trace, {
      ...setting,
      ttlMs,
    });
    return {
      ttlMs,
      hitRatio,
      staleShare,
      staleP99Ms: staleAgeMs?.p99 ?? null,
      loadsPerSecond: loadsPerSecond.mean,
      peakLoadsPerSecond: loadsPerSecond.peak,
      meanObjects: resident.meanObjects,
      meanBytes: resident.meanBytes,
    };
  });
  return rows.map((row) => ({ ...row, best: !rows.some((other) => dominates(other, row)) }));
}

type Costs = Pick<TtlRow, 'staleShare' | 'loadsPerSecond' | 'meanObjects'>;

function dominates(one: Costs, other: Costs): boolean {
  const ways = (['staleShare', 'loadsPerSecond', 'meanObjects'] as const).map(
    (cost) => one[cost] - other[cost],
  );
  return ways.every((way) => way <= 0) && ways.some((way) => way < 0);
}
