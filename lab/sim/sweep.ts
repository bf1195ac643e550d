import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { build, type OutputFile } from 'esbuild';
import { BELADY } from '../../sim/policies/registry.ts';
import { nextUses, type Trace } from '../../sim/trace.ts';
import type { Cell, CellResult } from './cells.ts';
import { answersOf, jobsOf, type SweepAnswer, type SweepWork } from './sweep-jobs.ts';

/** Threads for sweeps, this one among them. Made before a trace is read, they are ready when the trace is. */
export class SweepThreads {
  readonly #workers: Promise<readonly Worker[]>;

  /** @param threads - By default as many as there are cores. With 1 there are no workers. */
  constructor(threads: number = availableParallelism()) {
    this.#workers = startWorkers(threads - 1);
    // Whoever runs a sweep hears of it.
    this.#workers.catch(() => {});
  }

  /**
   * Runs all cells over one trace. The threads take one job after the other, so none waits for the slowest; results come in the order
   * of the cells and do not depend on the number of threads.
   * @param onDone - After each cell, with the number done.
   */
  async run(
    trace: Trace,
    cells: readonly Cell[],
    onDone: (done: number) => void = () => {},
  ): Promise<CellResult[]> {
    if (cells.length === 0) return [];
    const workers = await this.#workers;
    const next = new Int32Array(new SharedArrayBuffer(4));
    const jobs = jobsOf(cells);
    const work: SweepWork = { trace: sharedTrace(trace, cells), cells, jobs, next };
    const results: CellResult[] = [];
    let done = 0;
    const over = new AbortController();
    const all = new Promise<void>((resolve, reject) => {
      const note = ({ at, result }: SweepAnswer): void => {
        results[at] = result;
        done += 1;
        onDone(done);
        if (done === cells.length) resolve();
      };
      for (const worker of workers) {
        worker.ref();
        worker.on('message', note);
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker is no window
        worker.postMessage(work);
        once(worker, 'exit', { signal: over.signal }).then(
          ([code]) => reject(new Error(`a worker of the sweep ended with ${code}`)),
          reject,
        );
        over.signal.addEventListener('abort', () => {
          worker.off('message', note);
          worker.unref();
        });
      }
      takeJobs(work, note).catch(reject);
    });
    try {
      await all;
    } finally {
      over.abort();
    }
    return results;
  }

  /** Ends the workers, at work or not. */
  async end(): Promise<void> {
    const workers = await this.#workers.catch(() => []);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** Made once: a recommendation is several sweeps. */
let bundle: Promise<{ outputFiles: OutputFile[] }> | null = null;

/** The worker as one piece of JavaScript: a thread that compiles TypeScript by itself takes 0.4 s of CPU and 35 MB to start. */
async function startWorkers(count: number): Promise<readonly Worker[]> {
  if (count <= 0) return [];
  const { outputFiles } = await (bundle ??= build({
    entryPoints: [fileURLToPath(new URL('./sweep-worker.ts', import.meta.url))],
    ...{ bundle: true, write: false, platform: 'node', format: 'cjs', logLevel: 'silent' },
  }));
  return Array.from({ length: count }, () => {
    const worker = new Worker(outputFiles[0]!.text, { eval: true, execArgv: [] });
    // While there is no sweep, nobody waits for it.
    worker.unref();
    return worker;
  });
}

/** One sweep on threads of its own, at most one a cell. */
export async function sweep(
  trace: Trace,
  cells: readonly Cell[],
  options: { threads?: number; onDone?: (done: number) => void } = {},
): Promise<CellResult[]> {
  const threads = new SweepThreads(
    Math.max(1, Math.min(options.threads ?? availableParallelism(), cells.length)),
  );
  try {
    return await threads.run(trace, cells, options.onDone);
  } finally {
    await threads.end();
  }
}

/** Runs jobs until none is left; between two, this thread hears what the others say. */
async function takeJobs(work: SweepWork, note: (answer: SweepAnswer) => void): Promise<void> {
  for (const answers of answersOf(work)) {
    answers.forEach(note);
    await setImmediate();
  }
}

/**
 * The same trace with its arrays in memory that all threads see, and with what all cells of the bound would compute alike.
 * Arrays that are there already are not copied.
 */
function sharedTrace(trace: Trace, cells: readonly Cell[]): Trace {
  const { ids, ticks, bytes, ops } = trace;
  const bounds = cells.some(({ kind, cache }) => kind === 'hits' && cache.policy === BELADY.name);
  return {
    ...trace,
    ids: shared(ids, Int32Array),
    ticks: ticks === null ? null : shared(ticks, Uint32Array),
    bytes: bytes === null ? null : shared(bytes, Uint32Array),
    ops: ops === null ? null : shared(ops, Uint8Array),
    ...(bounds ? { nexts: shared(nextUses(trace), Int32Array) } : {}),
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
