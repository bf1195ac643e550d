import { basename } from 'node:path';
import { Collector } from '../../sim/formats/collect.ts';
import type { Keep } from '../../sim/formats/collect.ts';
import { ColumnError, csv } from '../../sim/formats/csv.ts';
import { Lines } from '../../sim/formats/format.ts';
import type { BadLine, Format, FormatOptions } from '../../sim/formats/format.ts';
import { looksLikeRecords, RECORD_BYTES } from '../../sim/formats/oracle-general.ts';
import { detectFormat, FORMATS, isBinary } from '../../sim/formats/registry.ts';
import type { Trace } from '../../sim/trace.ts';
import { EXIT, LabError } from '../errors.ts';
import type { TraceFile } from './open.ts';
import { chunksOf, emptyTrace, traceFile } from './open.ts';

/** How a trace is read, and what of it is kept. */
export interface ReadOptions extends FormatOptions, Keep {
  /** Name of a format; default: as the file looks. */
  readonly format?: string;
  /** Bad lines that are put up with. Default: 100, or 1 in 1,000 lines where that is more. */
  readonly maxBad?: number;
  /** False: objects are told apart by their keys even where the file chains their requests. Default true. */
  readonly chains?: boolean;
}

/** What was read. */
export interface TraceReport {
  readonly format: string;
  /** Requests and objects of the trace as it is kept. */
  readonly requests: number;
  readonly objects: number;
  /** Requests of the file that were looked at: those outside the sample, writes and fills too. */
  readonly read: number;
  readonly writes: number;
  /** Writes that were taken for fills and left out. */
  readonly fills: number;
  readonly badLines: number;
  readonly firstBadLines: readonly BadLine[];
  /** Lines that neither look something up nor change it. */
  readonly otherLines: number;
  /** Seconds from the first request to the last; null without times. */
  readonly spanSeconds: number | null;
  /** Requests that were written down later than their time says; they were given the time of the one before. */
  readonly timesHeld: number;
  /** Objects whose size changed: the first counts. Null when sizes are not kept. */
  readonly objectsResized: number | null;
  /** Objects of which no request told a size. Null when sizes are not kept. */
  readonly objectsUnsized: number | null;
}

/** `fillWithinMs` when nobody says otherwise: logs of a cache show the fill behind each miss, and it comes within a second. */
const FILL_WITHIN_MS = 1000;
const HEAD_BYTES = 65_536;
/** Bad lines after which a file that consists of little else is given up. */
const HOPELESS = 1000;

/**
 * Reads a trace from a file: plain, gzip or zstd. Its columns lie in shared memory.
 * @throws LabError `E_TRACE_MISSING`, `E_TRACE_EMPTY`, `E_TRACE_TRUNCATED`, `E_TRACE_COMPRESSION`, `E_TRACE_FORMAT` (none is
 * recognised, or the declared one does not fit), `E_TRACE_COLUMNS` and `E_TRACE_OPTIONS` (out of range), `E_TRACE_BAD_LINES`.
 */
export async function readTrace(
  path: string,
  options: ReadOptions = {},
): Promise<{ trace: Trace; report: TraceReport }> {
  return collectTrace(await traceFile(path), options);
}

/** The same, of a file that was looked at before. */
export async function collectTrace(
  file: TraceFile,
  options: ReadOptions,
): Promise<{ trace: Trace; report: TraceReport }> {
  const head = await headOf(file);
  if (head.length === 0) throw emptyTrace(file.path, 'nothing is left when it is decompressed');
  const how = formatOf(file, head, options);
  const exact = !how.format.text && file.compression === 'none';
  if (exact) wholeRecords(file.path, file.bytes);
  const chains = exact && how.format.chains && (options.chains ?? true);
  const expected = expectedRequests(file, how.format, head);
  // Chains that contradict the keys are not believed: the file is read again.
  return (
    (chains ? await collected(file, options, { ...how, expected, chains }) : null) ??
    (await collected(file, options, { ...how, expected, chains: false }))!
  );
}

interface How {
  format: Format;
  columns?: FormatOptions['columns'];
  expected: number;
  chains: boolean;
}

/** @returns null: the chains contradict the keys. */
async function collected(
  file: TraceFile,
  options: ReadOptions,
  { format, columns, expected, chains }: How,
): Promise<{ trace: Trace; report: TraceReport } | null> {
  const lines = new Lines();
  const parts = withOptions(file.path, () => {
    const how = columns === undefined ? options : { ...options, columns };
    const fill = options.fillWithinMs === undefined ? FILL_WITHIN_MS : options.fillWithinMs;
    const tickMs = format.tickMs(how);
    const collector = new Collector(
      { ...options, fillWithinMs: fill },
      { ops: format.ops, tickMs, expected, chains },
    );
    const take = (records: Int32Array, count: number): void => collector.add(records, count);
    return { collector, parser: format.parser(how, take, lines) };
  });

  const { collector, parser } = parts;
  let bytes = 0;
  for await (const chunk of chunksOf(file)) {
    bytes += chunk.length;
    withOptions(file.path, () => parser.push(chunk));
    boundBadLines(file.path, lines, options.maxBad, false);
    if (collector.contradicted) return null;
    if (collector.full) break;
  }
  if (!collector.full) {
    const left = withOptions(file.path, () => parser.end());
    if (left > 0) wholeRecords(file.path, bytes);
  }
  boundBadLines(file.path, lines, options.maxBad, true);
  const { trace, ...met } = collector.finish();
  if (trace.ids.length === 0) throw emptyTrace(file.path, nothingKept(met, lines, options));
  return {
    trace,
    report: {
      format: format.name,
      requests: trace.ids.length,
      objects: trace.objects,
      read: met.read,
      writes: met.writes,
      fills: met.fills,
      badLines: lines.bad,
      firstBadLines: lines.first,
      otherLines: lines.other,
      spanSeconds: met.lastTick === null ? null : (met.lastTick * trace.tickMs) / 1000,
      timesHeld: met.timesHeld,
      objectsResized: trace.bytes === null ? null : met.resized,
      objectsUnsized: trace.bytes === null ? null : met.unsized,
    },
  };
}

async function headOf(file: TraceFile): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunksOf(file)) {
    const part = chunk.slice(0, HEAD_BYTES - length);
    parts.push(part);
    length += part.length;
    if (length === HEAD_BYTES) break;
  }
  return new Uint8Array(Buffer.concat(parts));
}

function wrongFormat(message: string, hint: string): LabError {
  return new LabError('E_TRACE_FORMAT', message, { hint, exitCode: EXIT.badArguments });
}

function formatOf(
  { path }: TraceFile,
  head: Uint8Array,
  { format: asked, columns }: ReadOptions,
): { format: Format; columns?: FormatOptions['columns'] } {
  const names = FORMATS.map(({ name }) => name).join(', ');
  const detected = detectFormat(basename(path).replace(/\.(?:zst|gz)$/i, ''), head);
  const seems = detected === null ? 'nothing that is known' : detected.format.name;
  // Only a csv has columns to name.
  if (asked === undefined && columns !== undefined && !isBinary(head))
    return { format: csv, columns };
  if (asked === undefined) {
    if (detected !== null) return detected;
    throw wrongFormat(
      `the form of ${path} is not recognised`,
      `name it with --format (${names}); a csv needs --columns, e.g. time=1,key=2,size=3`,
    );
  }
  const format = FORMATS.find(({ name }) => name.toLowerCase() === asked.toLowerCase());
  if (format === undefined) throw wrongFormat(`format is "${asked}"`, `allowed are ${names}`);
  if (format.text === isBinary(head) || (!format.text && !looksLikeRecords(head)))
    throw wrongFormat(
      `${path} is not ${format.title}: it looks like ${seems}`,
      'leave --format out, or name another',
    );
  return {
    format,
    columns: columns ?? (format === detected?.format ? detected.columns : undefined),
  };
}

function wholeRecords(path: string, bytes: number): void {
  const left = bytes % RECORD_BYTES;
  if (left === 0) return;
  throw new LabError(
    'E_TRACE_TRUNCATED',
    `${path} ends inside a record: ${bytes} bytes are ${Math.floor(bytes / RECORD_BYTES)} records of ${RECORD_BYTES} and ${left} bytes`,
    {
      hint: 'fetch or write the file again, or cut the rest off',
      exitCode: EXIT.badArguments,
    },
  );
}

/** Requests to make room for: exact for plain records, else a guess that only costs a copy when it is wrong. */
function expectedRequests(file: TraceFile, format: Format, head: Uint8Array): number {
  if (!format.text && file.compression === 'none') return file.bytes / RECORD_BYTES;
  let newlines = 1;
  for (const byte of head) newlines += byte === 10 ? 1 : 0;
  const requestBytes = format.text ? head.length / newlines : RECORD_BYTES;
  // Both compressions make traces about four times smaller.
  const bytes = file.compression === 'none' ? file.bytes : 4 * file.bytes;
  return Math.ceil((1.05 * bytes) / requestBytes);
}

/** Out-of-range values of the pure code, told as problems of the command line. */
function withOptions<T>(path: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const columns = cause instanceof ColumnError;
    throw new LabError(
      columns ? 'E_TRACE_COLUMNS' : 'E_TRACE_OPTIONS',
      `${path}: ${cause.message}`,
      {
        hint: columns
          ? 'name columns by number or header, e.g. --columns time=1,key=2,size=3,op=4'
          : 'see `npm run lab -- sim run --help` for the ranges',
        ...{ cause, exitCode: EXIT.badArguments },
      },
    );
  }
}

function boundBadLines(
  path: string,
  { bad, seen, first }: Lines,
  maxBad: number | undefined,
  done: boolean,
): void {
  const allowed = maxBad ?? Math.max(100, Math.floor(seen / 1000));
  // The share is known at the end only; before it, a file that is mostly bad is given up.
  const over = maxBad !== undefined || done ? bad > allowed : bad > HOPELESS && bad > seen / 2;
  if (!over) return;
  const shown = first
    .slice(0, 3)
    .map(({ line, reason, text }) => `line ${line}: ${reason} (${JSON.stringify(text)})`);
  throw new LabError(
    'E_TRACE_BAD_LINES',
    `${bad} of ${done ? '' : 'the first '}${seen} lines of ${path} are no requests, allowed are ${allowed}; ${shown.join('; ')}`,
    {
      hint: 'repair the file, name its --format, or allow more with --max-bad',
      exitCode: EXIT.badArguments,
    },
  );
}

function nothingKept(
  { read, writes }: { read: number; writes: number },
  { seen, bad, other }: Lines,
  { sample }: ReadOptions,
): string {
  if (read === 0) return `${seen} lines, ${bad} of them bad, ${other} without an object`;
  if (writes === read) return `all ${read} are writes, and a hit ratio is of reads`;
  return `none of ${read} lies in the sample of ${sample ?? 1}`;
}
