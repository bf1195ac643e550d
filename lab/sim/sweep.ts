import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Trace } from '../../sim/trace.ts';
import { type Cell, type CellResult, runCell } from './cells.ts';

/** What a worker is started with: the trace, shared and not copied, and where the next cell is drawn from. */
export interface SweepWork {
  trace: Trace;
  cells: readonly Cell[];
  /** One number, shared: the next cell that nobody has taken. */
  next: Int32Array;
}

/** What a worker says of one cell. */
export interface SweepAnswer {
  at: number;
  result: CellResult;
}

/**
 * Runs all cells over one trace on several threads. The threads take cells one by one, so none waits for the slowest; results
 * come in the order of the cells and do not depend on the number of threads.
 * @param options.threads - Workers; by default as many as there are cores, at most one a cell. With 1 all runs in this thread.
 * @param options.onDone - After each cell, with the number done.
 */
export async function sweep(
  trace: Trace,
  cells: readonly Cell[],
  options: { threads?: number; onDone?: (done: number) => void } = {},
): Promise<CellResult[]> {
  const threads = Math.min(options.threads ?? availableParallelism(), cells.length);
  if (threads <= 1) {
    return cells.map((cell, at) => {
      const result = runCell(trace, cell);
      options.onDone?.(at + 1);
      return result;
    });
  }
  const next = new Int32Array(new SharedArrayBuffer(4));
  const work: SweepWork = { trace: sharedTrace(trace), cells, next };
  const results: CellResult[] = [];
  let done = 0;
  const workers: Worker[] = [];
  try {
    await Promise.all(
      Array.from({ length: threads }, () => {
        const worker = new Worker(new URL('./sweep-worker.mjs', import.meta.url), {
          workerData: work,
        });
        workers.push(worker);
        worker.on('message', ({ at, result }: SweepAnswer) => {
          results[at] = result;
          done += 1;
          options.onDone?.(done);
        });
        return new Promise<void>((resolve, reject) => {
          worker.once('error', reject);
          worker.once('exit', (code) =>
            code === 0 ? resolve() : reject(new Error(`a worker of the sweep ended with ${code}`)),
          );
        });
      }),
    );
  } finally {
    // One that failed leaves the others at work.
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return results;
}

/** The same trace with its arrays in memory that all threads see. Arrays that are there already are not copied. */
function sharedTrace(trace: Trace): Trace {
  const { ids, ticks, bytes, ops } = trace;
  return {
    ...trace,
    ids: shared(ids, Int32Array),
    ticks: ticks === null ? null : shared(ticks, Uint32Array),
    bytes: bytes === null ? null : shared(bytes, Uint32Array),
    ops: ops === null ? null : shared(ops, Uint8Array),
  };
}

function shared<A extends Int32Array | Uint32Array | Uint8Array>(
  array: A,
  Kind: { new (buffer: SharedArrayBuffer): A },
): A {
  if (array.buffer instanceof SharedArrayBuffer) return array;
  const copy = new Kind(new SharedArrayBuffer(array.byteLength));
  copy.set(array);
  return copy;
}
