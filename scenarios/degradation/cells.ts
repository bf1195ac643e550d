import { armOf } from '../../lab/claims.ts';
import type { Analysed } from '../../lab/experiment.ts';
import { wilson } from '../../lab/stats/wilson.ts';
import { configuredMs, type Fault, FAULTS, nameOf, type Protection } from './arms.ts';

/** What has to hold under a fault with full protection. */
export const PROMISE = { availability: 0.999, recoverySeconds: 5 } as const;

/** Timers fire late, and one load differs from the next. */
const SLACK_MS = 10;
/** Fewer lie beyond a quantile: it is not told. */
const BEYOND = 10;
const QUANTILES = [0.99, 0.95, 0.9] as const;

/** One fault with one protection, over all valid trials. */
export interface Cell {
  protection: Protection;
  fault: Fault;
  trials: number;
  /** Pages asked for from the fault to the end of the trial. */
  pages: number;
  /** Of these, answered with a page within 2 s. */
  answered: number;
  availability: { value: number; low: number; high: number };
  /** Response times at the highest quantile that both windows have samples for; null: too few, or no answer at that quantile. */
  tail: { q: number; quietMs: number; faultMs: number | null } | null;
  /** Most that a page may take longer by the configuration, where it has timeouts. */
  configuredMs: number | null;
  /** Longest of all trials. */
  recoverySeconds: number;
  mostWaiting: number;
  shed: number;
  stale: number;
}

/** Null without a valid trial. */
export function cellOf(analysis: Analysed, protection: Protection, fault: Fault): Cell | null {
  const arm = armOf(analysis, nameOf(protection, fault));
  if (arm?.findings === undefined) return null;
  const { totals, samples } = arm.findings;
  const pages = (totals['faultPages'] ?? 0) + (totals['afterPages'] ?? 0);
  const answered = (totals['faultAnswered'] ?? 0) + (totals['afterAnswered'] ?? 0);
  const share = wilson(answered, pages);
  if (share === null) return null;
  return {
    ...{ protection, fault, trials: arm.trials.valid, pages, answered },
    availability: {
      value: share.value,
      low: share.interval?.low ?? share.value,
      high: share.interval?.high ?? share.value,
    },
    tail: tailOf(
      { times: samples['quietMs'] ?? [], failed: totals['quietFailed'] ?? 0 },
      { times: samples['faultMs'] ?? [], failed: totals['faultFailed'] ?? 0 },
    ),
    configuredMs: protection === 'none' ? null : configuredMs(fault),
    recoverySeconds: Math.max(0, ...(samples['recoverySeconds'] ?? [])),
    mostWaiting: Math.max(0, ...(samples['mostWaiting'] ?? [])),
    shed: totals['shed'] ?? 0,
    stale: totals['stale'] ?? 0,
  };
}

/** All cells with a valid trial, row by row. */
export function cellsOf(analysis: Analysed, protections: readonly Protection[]): Cell[] {
  return (Object.keys(FAULTS) as Fault[]).flatMap((fault) =>
    protections.flatMap((protection) => cellOf(analysis, protection, fault) ?? []),
  );
}

/** Response times of pages that were answered, and how many others there were. */
export interface Times {
  times: readonly number[];
  failed: number;
}

/**
 * Both windows at the highest quantile beyond which each has 10 pages. A page without an answer lies beyond every time.
 * `faultMs` null: so many pages had no answer that the quantile is among them.
 */
export function tailOf(quiet: Times, fault: Times): Cell['tail'] {
  const size = ({ times, failed }: Times): number => times.length + failed;
  const q = QUANTILES.find(
    (one) => Math.min(size(quiet), size(fault)) * (1 - one) >= BEYOND - 1e-9,
  );
  if (q === undefined) return null;
  const at = (window: Times): number | null => {
    const sorted = window.times.toSorted((a, b) => a - b);
    return sorted[Math.ceil(size(window) * q) - 1] ?? null;
  };
  const quietMs = at(quiet);
  return quietMs === null ? null : { q, quietMs, faultMs: at(fault) };
}

/** What a page took longer than undisturbed, at the same quantile; infinite where it had no answer. */
export function extraMs({ tail }: Cell): number | null {
  if (tail === null) return null;
  return (tail.faultMs ?? Number.POSITIVE_INFINITY) - tail.quietMs;
}

/** Each part of the promise that a cell breaks, in words; empty: it holds. */
export function brokenParts(cell: Cell): string[] {
  const { availability, configuredMs: limitMs, recoverySeconds } = cell;
  const extra = extraMs(cell);
  const mostMs = (limitMs ?? configuredMs(cell.fault)) + SLACK_MS;
  return [
    ...(availability.value < PROMISE.availability ? ['availability'] : []),
    ...(extra === null || extra > mostMs ? ['extra latency'] : []),
    ...(recoverySeconds > PROMISE.recoverySeconds ? ['recovery'] : []),
  ];
}
