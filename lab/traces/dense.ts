import { createHash } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { int32, uint32, uint8 } from '../../sim/formats/column.ts';
import type { Trace } from '../../sim/trace.ts';
import { ROOT } from '../root.ts';
import type { TraceFile } from './open.ts';
import { traceFile } from './open.ts';
import type { ReadOptions, TraceReport } from './read.ts';
import { collectTrace } from './read.ts';
import { writeWhole } from './write.ts';

/** Changes with the layout and with what any format's parser makes of a file. */
const MAGIC = 'cachelab dense trace 1\n';
/** The header is padded to it: the columns behind it are aligned. */
const HEADER_BYTES = 8192;
const COLUMNS = ['ids', 'ticks', 'bytes', 'ops'] as const;
type Column = (typeof COLUMNS)[number];

interface Header {
  /** The file it was made of: another size or time means another file. */
  source: { path: string; bytes: number; modifiedMs: number };
  options: string;
  tickMs: number;
  report: TraceReport;
  /** Numbers in each column; −1: there is none. */
  lengths: Record<Column, number>;
  checksums: Record<Column, number>;
}

/** Where dense files are kept. */
const DENSE_FOLDER: string = join(ROOT, '.cachelab', 'traces');

/**
 * A trace by way of its dense file: the first question reads the source and keeps the columns as they lie in memory, all later
 * ones with the same options read only those. A dense file that is of another version, cut off, altered, or older than the
 * source's last change is made anew.
 * @throws LabError as `readTrace` does.
 */
export async function denseTrace(
  path: string,
  options: ReadOptions = {},
  folder: string = DENSE_FOLDER,
): Promise<{ trace: Trace; report: TraceReport; fromDense: boolean }> {
  const file = await traceFile(path);
  const asked = askedFor(options);
  const dense = densePath(folder, file, asked);
  const kept = await readDense(dense, file, asked).catch(() => null);
  if (kept !== null) return { ...kept, fromDense: true };
  const made = await collectTrace(file, options);
  try {
    await mkdir(folder, { recursive: true });
    await writeWhole(dense, partsOf(made, file, asked));
  } catch {
    // A full disk: the answer is here, and the next question reads the source again.
  }
  return { ...made, fromDense: false };
}

/** Options as text, the same whatever their order; those left out are left out. */
function askedFor(options: ReadOptions): string {
  return JSON.stringify(options, [...new Set(namesIn(options))].sort());
}

function namesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [name, ...namesIn(inner)]);
}

/** One dense file per source and question: that of a source that changed replaces the one before. */
function densePath(folder: string, { path }: TraceFile, asked: string): string {
  const digest = createHash('sha256')
    .update(`${resolve(path)}\n${asked}`)
    .digest('hex');
  return join(folder, `${basename(path)}-${digest.slice(0, 16)}.dense`);
}

const sourceOf = ({ path, bytes, modifiedMs }: TraceFile): Header['source'] => ({
  path: resolve(path),
  bytes,
  modifiedMs,
});

function* partsOf(
  { trace, report }: { trace: Trace; report: TraceReport },
  file: TraceFile,
  options: string,
): Generator<Uint8Array> {
  const each = (number: (column: Trace[Column]) => number): Record<Column, number> => ({
    ids: number(trace.ids),
    ticks: number(trace.ticks),
    bytes: number(trace.bytes),
    ops: number(trace.ops),
  });
  const header: Header = {
    source: sourceOf(file),
    options,
    tickMs: trace.tickMs,
    report,
    lengths: each((column) => column?.length ?? -1),
    checksums: each((column) => (column === null ? 0 : checksum(column))),
  };
  const text = new TextEncoder().encode(`${MAGIC}${JSON.stringify(header)}\n`);
  // Too long a name of a file or of columns: the header ends in the middle and is not believed later. Nothing is lost but time.
  const padded = new Uint8Array(HEADER_BYTES).fill(32);
  padded.set(text.subarray(0, HEADER_BYTES));
  yield padded;
  for (const name of COLUMNS) {
    const column = trace[name];
    if (column !== null) yield new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
  }
}

/** @returns null when the file is not exactly what was asked for. */
async function readDense(
  dense: string,
  source: TraceFile,
  options: string,
): Promise<{ trace: Trace; report: TraceReport } | null> {
  const file = await open(dense);
  try {
    const fill = async (bytes: Uint8Array, from: number): Promise<boolean> => {
      for (let at = 0; at < bytes.length; ) {
        const { bytesRead } = await file.read(bytes, at, bytes.length - at, from + at);
        if (bytesRead === 0) return false;
        at += bytesRead;
      }
      return true;
    };
    const head = new Uint8Array(HEADER_BYTES);
    if (!(await fill(head, 0))) return null;
    const text = new TextDecoder().decode(head);
    if (!text.startsWith(MAGIC)) return null;
    const header = JSON.parse(text.slice(MAGIC.length)) as Header;
    if (JSON.stringify(header.source) !== JSON.stringify(sourceOf(source))) return null;
    if (header.options !== options) return null;

    const { lengths, checksums } = header;
    let from = HEADER_BYTES;
    const column = async <T extends ReturnType<typeof int32 | typeof uint32 | typeof uint8>>(
      name: Column,
      make: (length: number) => T,
    ): Promise<T | null> => {
      if (lengths[name] < 0) return null;
      const numbers = make(lengths[name]);
      const whole = await fill(new Uint8Array(numbers.buffer), from);
      from += numbers.byteLength;
      if (!whole || checksum(numbers) !== checksums[name]) throw new Error(`${dense}: ${name}`);
      return numbers;
    };
    const ids = await column('ids', int32);
    const ticks = await column('ticks', uint32);
    const bytes = await column('bytes', uint32);
    const ops = await column('ops', uint8);
    if (ids === null || (await file.stat()).size !== from) return null;
    const { tickMs, report } = header;
    return { trace: { ids, objects: report.objects, ticks, tickMs, bytes, ops }, report };
  } finally {
    await file.close();
  }
}

/** FNV-1a over numbers: finds what a disk or a hand changed, at a nanosecond a number. */
function checksum(numbers: Int32Array | Uint32Array | Uint8Array): number {
  let hash = 0x811c_9dc5 | 0;
  for (let at = 0; at < numbers.length; at += 1) hash = Math.imul(hash ^ numbers[at]!, 0x0100_0193);
  return hash;
}
