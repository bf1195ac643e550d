import { lruCurve } from '../../sim/curves/mattson.ts';
import type { EstimatedPoint } from '../../sim/curves/points.ts';
import { shardsAt, shardsCurve } from '../../sim/curves/shards.ts';
import { RECORD } from '../../sim/formats/format.ts';
import { RECORD_BYTES } from '../../sim/formats/oracle-general.ts';
import { Interner } from '../../sim/intern.ts';
import type { Trace } from '../../sim/trace.ts';
import type { Cell } from '../sim/cells.ts';
import { SweepThreads } from '../sim/sweep.ts';
import { denseTrace } from '../traces/dense.ts';
import { chunksOf, traceFile } from '../traces/open.ts';
import type { TraceReport } from '../traces/read.ts';
import { readTrace } from '../traces/read.ts';

/** What one process does and times, from a trace's file to the answer. Sizes are in objects, which all count as one. */
export type Task =
  /** Reads, interns, and runs one cache of each size, on so many threads over one trace. */
  | (Question & { kind: 'caches'; policy: string; threads: number })
  /** The exact LRU curve of all sizes. */
  | (Question & { kind: 'curve' })
  /** The same from a share of the objects, taken while reading. */
  | (Question & { kind: 'sampled'; rate: number })
  /** As `caches`, by way of the dense file. `kept`: it is an error if that is not there yet. */
  | (Question & { kind: 'dense'; policy: string; folder: string; kept: boolean })
  /** Reads and interns; interning alone is timed. */
  | { kind: 'interning'; path: string };

interface Question {
  path: string;
  capacities: readonly number[];
  /** Only so many requests of the file. */
  limit?: number;
  /** Tells objects apart by their keys, as in files that do not chain their requests. */
  byKeys?: boolean;
}

/** What came out, and how long it took. */
export interface Measured {
  /** Looked at in the file, and their objects; of a sample, those that are in it. */
  readonly requests: number;
  readonly objects: number;
  /** From opening the file to the last answer; of `interning`, in the interner alone. */
  readonly seconds: number;
  /** Of that, until the trace stood in memory; of `interning`, the whole loop. */
  readonly readSeconds: number;
  /** One a capacity; empty where the answer is `points`. */
  readonly misses: readonly number[];
  /** Of a sample: one a capacity. */
  readonly points: readonly EstimatedPoint[];
}

/** Does one task in this process. */
export async function measure(task: Task): Promise<Measured> {
  switch (task.kind) {
    case 'interning':
      return interning(task.path);
    case 'caches':
      return caches(task);
    case 'dense':
      return timed(
        () => keptTrace(task),
        (trace) => missesOf(trace, task, new SweepThreads(1)),
      );
    case 'curve':
      return timed(
        () => readTrace(task.path, howOf(task)),
        (trace) => {
          const { hits, requests } = lruCurve(trace);
          const last = hits.length - 1;
          return task.capacities.map((capacity) => requests - hits[Math.min(capacity, last)]!);
        },
      );
    case 'sampled':
      return sampled(task);
    default:
      return task satisfies never;
  }
}

const howOf = ({ limit, byKeys = false }: Question): { limit?: number; chains: boolean } => ({
  ...(limit === undefined ? {} : { limit }),
  chains: !byKeys,
});

async function timed(
  open: () => Promise<{ trace: Trace; report: TraceReport }>,
  answer: (trace: Trace) => number[] | Promise<number[]>,
  startMs = performance.now(),
): Promise<Measured> {
  const { trace, report } = await open();
  const readMs = performance.now();
  const misses = await answer(trace);
  return {
    requests: report.read,
    objects: report.objects,
    seconds: (performance.now() - startMs) / 1000,
    readSeconds: (readMs - startMs) / 1000,
    misses,
    points: [],
  };
}

/** Threads start while the trace is read. */
async function caches(task: Extract<Task, { kind: 'caches' }>): Promise<Measured> {
  const startMs = performance.now();
  const threads = new SweepThreads(task.threads);
  try {
    return await timed(
      () => readTrace(task.path, howOf(task)),
      (trace) => missesOf(trace, task, threads),
      startMs,
    );
  } finally {
    await threads.end();
  }
}

async function missesOf(
  trace: Trace,
  { policy, capacities }: { policy: string; capacities: readonly number[] },
  threads: SweepThreads,
): Promise<number[]> {
  const cells = capacities.map(
    (capacity): Cell => ({
      kind: 'hits',
      cache: { policy, capacity, unit: 'objects' },
      seed: 1,
      warmRequests: 0,
    }),
  );
  const results = await threads.run(trace, cells);
  return results.map((result) => (result.kind === 'hits' ? result.requests - result.hits : 0));
}

async function keptTrace({
  path,
  folder,
  kept,
}: Extract<Task, { kind: 'dense' }>): Promise<{ trace: Trace; report: TraceReport }> {
  const { fromDense, ...read } = await denseTrace(path, {}, folder);
  if (kept && !fromDense) throw new Error(`${path}: its dense file in ${folder} was not used`);
  return read;
}

async function sampled(task: Extract<Task, { kind: 'sampled' }>): Promise<Measured> {
  const { path, rate, capacities } = task;
  const startMs = performance.now();
  const { trace, report } = await readTrace(path, { ...howOf(task), sample: rate });
  const readMs = performance.now();
  const curve = shardsCurve({ trace, rate, from: 0, requests: report.read }, null);
  const points = capacities.map((capacity) => shardsAt(curve, capacity));
  return {
    requests: report.read,
    objects: report.objects,
    seconds: (performance.now() - startMs) / 1000,
    readSeconds: (readMs - startMs) / 1000,
    misses: [],
    points,
  };
}

/** Interning by itself, on chunks as they come from the file. */
async function interning(path: string): Promise<Measured> {
  const file = await traceFile(path);
  const interner = new Interner();
  const ids = new Int32Array(file.bytes / RECORD_BYTES);
  let at = 0;
  let internMs = 0;
  const startMs = performance.now();
  for await (const chunk of chunksOf(file)) {
    const count = chunk.byteLength / RECORD_BYTES;
    const words = new Int32Array(chunk.buffer, chunk.byteOffset, RECORD.words * count);
    const beforeMs = performance.now();
    interner.internAll(words, RECORD.key, RECORD.words, count, ids, at);
    internMs += performance.now() - beforeMs;
    at += count;
  }
  return {
    requests: at,
    objects: interner.size,
    seconds: internMs / 1000,
    readSeconds: (performance.now() - startMs) / 1000,
    misses: [],
    points: [],
  };
}
