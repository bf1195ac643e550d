import { lruCurve } from '../../sim/curves/mattson.ts';
import type { Trace } from '../../sim/trace.ts';
import { type Cell, type CellResult, runCell } from './cells.ts';

/** What a worker is given: the trace, shared and not copied, and where the next cell is drawn from. */
export interface SweepWork {
  trace: Trace;
  cells: readonly Cell[];
  /** What is run at once, as numbers of cells. */
  jobs: readonly (readonly number[])[];
  /** One number, shared: the next job that nobody has taken. */
  next: Int32Array;
}

/** What a worker says of one cell. */
export interface SweepAnswer {
  at: number;
  result: CellResult;
}

/** From so many sizes on, LRU's whole curve costs less than its caches one by one. */
const CURVE_FROM = 4;

/**
 * What of a grid is to be run together, as numbers of cells: LRU at many sizes is one pass, as a larger LRU cache holds all that
 * a smaller one does; all others are runs of their own.
 */
export function jobsOf(cells: readonly Cell[]): number[][] {
  const curves = new Map<number, number[]>();
  const alone: number[][] = [];
  cells.forEach((cell, at) => {
    const { kind, cache } = cell;
    if (kind !== 'hits' || cache.policy !== 'lru' || cache.unit !== 'objects') {
      alone.push([at]);
      return;
    }
    const curve = curves.get(cell.warmRequests) ?? [];
    curves.set(cell.warmRequests, [...curve, at]);
  });
  // The longest first, so that no thread waits for it at the end.
  const passes = [...curves.values()];
  return [
    ...passes.filter(({ length }) => length >= CURVE_FROM),
    ...alone,
    ...passes.filter(({ length }) => length < CURVE_FROM).flatMap((few) => few.map((at) => [at])),
  ];
}

/** Runs one of `jobsOf`: one cell, or all sizes of LRU. */
function runJob(trace: Trace, cells: readonly Cell[]): CellResult[] {
  const [first] = cells;
  if (cells.length === 1 || first?.kind !== 'hits')
    return cells.map((cell) => runCell(trace, cell));
  const from = Math.min(first.warmRequests, trace.ids.length);
  const { hits, requests } = lruCurve(trace, from);
  const last = hits.length - 1;
  return cells.map(({ cache }) => ({
    ...{ kind: 'hits', requests, hits: hits[Math.min(cache?.capacity ?? 0, last)]! },
  }));
}

/** Takes one job after the other. */
export function* answersOf({ trace, cells, jobs, next }: SweepWork): Generator<SweepAnswer[]> {
  for (let job = Atomics.add(next, 0, 1); job < jobs.length; job = Atomics.add(next, 0, 1)) {
    const ats = jobs[job]!;
    const results = runJob(
      trace,
      ats.map((at) => cells[at]!),
    );
    yield ats.map((at, i) => ({ at, result: results[i]! }));
  }
}
