import { armOf } from '../../lab/claims.ts';
import type { Analysed } from '../../lab/experiment.ts';
import { boundMs, type Fault, FAULTS, type MatrixPolicy, nameOf, POLICIES } from './arms.ts';

/** One cell of the matrix, over all valid trials of its arm. */
export interface Cell {
  policy: MatrixPolicy;
  fault: Fault;
  trials: number;
  /** Changes made during the fault. */
  changes: number;
  /** Of these: still missing from the last page that was read. */
  lost: number;
  /** Longest time after the change, or after the heal where that is later, for which a page missed it; lost ones apart. */
  longestMs: number;
  /** Null: no promise but the TTL of an hour. */
  boundMs: number | null;
  reads: number;
  staleReads: number;
  /** Longest staleness of a read, the fault itself included, in ms. */
  longestAgeMs: number;
}

/** Within its bound, where it has one; without one, nothing lost. */
export function holds({ lost, longestMs, boundMs: bound }: Cell): boolean {
  return lost === 0 && (bound === null || longestMs <= bound);
}

/** Null without a valid trial. */
export function cellOf(analysis: Analysed, policy: MatrixPolicy, fault: Fault): Cell | null {
  const arm = armOf(analysis, nameOf(policy, fault));
  if (arm === null || arm.trials.valid === 0 || arm.findings === undefined) return null;
  const { totals, samples } = arm.findings;
  return {
    policy,
    fault,
    trials: arm.trials.valid,
    changes: totals['writes'] ?? 0,
    lost: totals['lost'] ?? 0,
    longestMs: Math.max(0, ...(samples['repairMs'] ?? [])),
    boundMs: boundMs(policy, fault),
    reads: totals['reads'] ?? 0,
    staleReads: totals['staleReads'] ?? 0,
    longestAgeMs: Math.max(0, ...(samples['longestAgeMs'] ?? [])),
  };
}

/** All cells with a valid trial, row by row. */
export function cellsOf(analysis: Analysed): Cell[] {
  return (Object.keys(FAULTS) as Fault[]).flatMap((fault) =>
    POLICIES.flatMap((policy) => cellOf(analysis, policy, fault) ?? []),
  );
}
