import { relative, resolve } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { number } from '../../reports/format.ts';
import { answerOf, tables } from '../../reports/sim/page.ts';
import { rowsCsv, writeSimulation } from '../../reports/sim/write.ts';
import { onlyReads, type Trace } from '../../sim/trace.ts';
import { EXIT } from '../errors.ts';
import type { RawOptions } from '../options.ts';
import { createProgress } from '../progress.ts';
import { curveNotes, curveRows } from '../sim/curve.ts';
import { parseCurveOptions, parseSweepOptions } from '../sim/options.ts';
import { SIMULATION_SCHEMA, type SimulationResult } from '../sim/result.ts';
import { planSweep } from '../sim/simulate.ts';
import { openSource } from '../sim/source.ts';
import { SweepThreads } from '../sim/sweep.ts';

/** Where the answer of a simulation goes; tables on standard output by default. */
export interface SimOutput {
  json: boolean;
  /** A file for the rows as CSV. */
  csv: string | null;
  /** A folder for a page with charts. */
  out: string | null;
  command: string;
}

/** `sim sweep`: every policy at every size, every freshness at every TTL, over one trace. */
export async function sweepCommand(flags: RawOptions, output: SimOutput): Promise<number> {
  const options = parseSweepOptions(flags);
  const progress = createProgress(process.stderr, process.env, Date.now);
  const threads = new SweepThreads(options.threads ?? undefined);
  try {
    const startMs = performance.now();
    const { trace, source } = await openSource(options, {
      times: options.ttls !== null || options.policies.some(isRedis),
      sizes: /[bB]/.test(options.sizes ?? ''),
      writes: true,
    });
    const readMs = performance.now();
    progress.line(
      `${number(source.requests, 4)} requests for ${number(source.objects, 4)} objects in ${number((readMs - startMs) / 1000)} s`,
    );
    const plan = planSweep(trace, options);
    const all = plan.bySize.length + plan.byTtl.length;
    const onDone = everySecond(all, readMs, (text) => progress.now(text));
    const sizes = plan.sizeRows(await threads.run(onlyReads(trace), plan.bySize, onDone));
    const ttls = plan.ttlRows(await threads.run(trace, plan.byTtl, onDone));
    const result: SimulationResult = {
      schema: SIMULATION_SCHEMA,
      command: output.command,
      seed: options.seed,
      source: { ...source, notes: [...source.notes, ...clockNote(trace, options.policies)] },
      sizes,
      ttls,
      curve: [],
      wallSeconds: {
        reading: (readMs - startMs) / 1000,
        simulating: (performance.now() - readMs) / 1000,
      },
    };
    progress.done();
    await show(result, output);
    return EXIT.fine;
  } finally {
    progress.done();
    await threads.end();
  }
}

/** `sim mrc`: the miss-ratio curve of one policy over all sizes. */
export async function curveCommand(flags: RawOptions, output: SimOutput): Promise<number> {
  const options = parseCurveOptions(flags);
  const startMs = performance.now();
  const { trace, source } = await openSource(options, {
    times: isRedis(options.policy),
    sizes: false,
    writes: true,
  });
  const readMs = performance.now();
  const reads = onlyReads(trace);
  const curve = curveRows(reads, options);
  await show(
    {
      schema: SIMULATION_SCHEMA,
      command: output.command,
      seed: options.seed,
      source: { ...source, notes: [...source.notes, ...curveNotes(reads, options)] },
      ...{ sizes: [], ttls: [], curve },
      wallSeconds: {
        reading: (readMs - startMs) / 1000,
        simulating: (performance.now() - readMs) / 1000,
      },
    },
    output,
  );
  return EXIT.fine;
}

const isRedis = (policy: string): boolean => policy.startsWith('redis-');

/** Redis goes by seconds, and a trace without times has none. */
function clockNote({ ticks }: Pick<Trace, 'ticks'>, policies: readonly string[]): string[] {
  return ticks === null && policies.some(isRedis)
    ? [
        'The trace has no times, so Redis’s clock stands still: its LRU evicts as if all keys were used at one moment.',
      ]
    : [];
}

/** Says how far a sweep is, at most once a second: some sweeps are a thousand simulations a second. */
function everySecond(all: number, startMs: number, say: (text: string) => void): () => void {
  let done = 0;
  let saidMs = startMs;
  return () => {
    done += 1;
    const nowMs = performance.now();
    if (nowMs - saidMs < 1000) return;
    saidMs = nowMs;
    const leftSeconds = Math.ceil(((nowMs - startMs) / 1000 / done) * (all - done));
    say(`${done} of ${all} simulations, about ${leftSeconds} s left`);
  };
}

async function show(result: SimulationResult, { json, csv, out }: SimOutput): Promise<void> {
  if (csv !== null) {
    await writeFile(csv, rowsCsv(result));
    process.stderr.write(`Rows: ${csv}\n`);
  }
  if (out !== null) {
    await writeSimulation(result, resolve(out));
    process.stderr.write(`Report: ${relative(process.cwd(), resolve(out)) || '.'}/report.html\n`);
  }
  if (json) {
    process.stdout.write(`${JSON.stringify(result)}\n`);
    return;
  }
  for (const { title, table } of tables(result)) {
    process.stdout.write(`${title}\n${textTable(table.columns, table.rows)}\n`);
  }
  for (const note of result.source.notes) process.stdout.write(`${note}\n`);
  process.stdout.write(`${answerOf(result)}\n`);
}

/** Columns as wide as their widest cell; numbers to the right. */
export function textTable(
  columns: readonly string[],
  rows: readonly (readonly (string | number | null)[])[],
): string {
  const cells = [
    columns,
    ...rows.map((row) =>
      row.map((cell) => (cell === null ? '–' : typeof cell === 'number' ? number(cell, 4) : cell)),
    ),
  ];
  const widths = columns.map((_, at) => Math.max(...cells.map((row) => row[at]?.length ?? 0)));
  const isText = columns.map((_, at) => rows.every((row) => typeof row[at] === 'string'));
  return cells
    .map((row) =>
      row
        .map((cell, at) => (isText[at] ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!)))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `  ${line}`)
    .join('\n');
}
