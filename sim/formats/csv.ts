import type { Columns, Format, FormatOptions } from './format.ts';
import { Records } from './format.ts';
import type { LineReader } from './lines.ts';
import { lineParser, numberIn, shown } from './lines.ts';
import { operationNamed, textOf } from './operations.ts';

const QUOTE = 34;
/** More columns than any trace has. */
const MOST_FIELDS = 256;
/** Milliseconds of each unit. */
const UNITS = { s: 1000, ms: 1, us: 0.001 } as const;
/** A count above it is a mistake, and would fill the memory. */
const MOST_REPEATS = 1_000_000;

const MEANINGS = ['time', 'key', 'size', 'op', 'count'] as const;
type Meaning = (typeof MEANINGS)[number];

/** Delimited text whose columns the user names. Fields may stand in double quotes. */
export const csv: Format = {
  name: 'csv',
  title: 'delimited text with a map of its columns',
  text: true,
  ops: true,
  chains: false,
  tickMs: ({ columns, timeUnit = 's' }) =>
    columns?.time === undefined ? null : Math.max(1, UNITS[timeUnit]),
  parser(options, sink, lines) {
    const tickMs = csv.tickMs(options) ?? 1000;
    const records = new Records(sink, tickMs);
    return lineParser(readTable(options, records), records, lines);
  },
};

/**
 * Meta's key-value cache traces, both forms: key,op,size,op_count,key_size of 2022 and op_time,key,… of 2024, with their
 * header lines. Source: https://cachelib.org/docs/Cache_Library_User_Guides/Cachebench_FB_HW_eval.
 */
export const meta: Format = {
  name: 'meta',
  title: 'Meta’s key-value cache traces, with their header line',
  text: true,
  ops: true,
  chains: false,
  tickMs: () => 1000,
  parser(options, sink, lines) {
    const records = new Records(sink, 1000);
    const columns = { key: 'key', op: 'op', size: 'size', count: 'op_count', time: 'op_time' };
    const reader = readTable({ ...options, delimiter: ',', columns }, records, ['time']);
    return lineParser(reader, records, lines);
  },
};

/** A header line that names none of the columns asked for. */
export class ColumnError extends RangeError {}

function readTable(
  { columns, delimiter = ',', timeUnit = 's' }: FormatOptions,
  records: Records,
  optional: readonly Meaning[] = [],
): LineReader {
  if (columns === undefined) throw new ColumnError('csv needs a map of its columns, and got none');
  if (delimiter.length !== 1 || delimiter.charCodeAt(0) > 127)
    throw new ColumnError(`delimiter is "${delimiter}", allowed is one ASCII character`);
  const limit = delimiter.charCodeAt(0);
  const starts = new Int32Array(MOST_FIELDS);
  const ends = new Int32Array(MOST_FIELDS);
  const named = MEANINGS.some((meaning) => typeof columns[meaning] === 'string');
  let at: Record<Meaning, number> | null = named ? null : positions(columns, [], optional);
  const field = (number: number, bytes: Uint8Array): string =>
    shown(bytes, starts[number]!, ends[number]!);

  return (bytes, from, to) => {
    const count = split(bytes, from, to, limit, starts, ends);
    if (at === null) {
      const names = Array.from({ length: count }, (_, i) =>
        textOf(bytes, starts[i]!, ends[i]!).trim(),
      );
      at = positions(columns, names, optional);
      return null;
    }
    const { key, time, size, op, count: repeats } = at;
    const most = Math.max(key, time, size, op, repeats);
    if (most >= count) return `${count} fields, and column ${most + 1} is asked for`;
    const timeMs = time < 0 ? 0 : UNITS[timeUnit] * numberIn(bytes, starts[time]!, ends[time]!);
    if (Number.isNaN(timeMs)) return `time is ${field(time, bytes)}, not a number`;
    if (!records.fits(timeMs)) return `time is ${field(time, bytes)}, too long after the first`;
    const room = size < 0 ? 0 : numberIn(bytes, starts[size]!, ends[size]!);
    if (Number.isNaN(room)) return `size is ${field(size, bytes)}, not bytes`;
    const does = op < 0 ? 0 : operationNamed(textOf(bytes, starts[op]!, ends[op]!));
    if (does === undefined) return `operation is ${field(op, bytes)}`;
    const times = repeats < 0 ? 1 : numberIn(bytes, starts[repeats]!, ends[repeats]!);
    if (!(times >= 1 && times <= MOST_REPEATS))
      return `count is ${field(repeats, bytes)}, allowed are 1 to ${MOST_REPEATS}`;
    if (starts[key] === ends[key]) return 'key is empty';
    for (let i = 0; i < times; i += 1)
      records.add(timeMs, bytes, starts[key]!, ends[key]!, { size: room, op: does });
    return null;
  };
}

/** Where each meaning's column is, from 0; −1: nowhere. */
function positions(
  columns: Columns,
  names: readonly string[],
  optional: readonly Meaning[],
): Record<Meaning, number> {
  const place = (meaning: Meaning): number => {
    const column = columns[meaning];
    if (column === undefined) return -1;
    if (typeof column === 'string') {
      const found = names.indexOf(column);
      if (found < 0 && !optional.includes(meaning))
        throw new ColumnError(`no column "${column}" in the header line: ${names.join(', ')}`);
      return found;
    }
    if (!Number.isInteger(column) || column < 1 || column > MOST_FIELDS)
      throw new ColumnError(`column of ${meaning} is ${column}, allowed are 1 to ${MOST_FIELDS}`);
    return column - 1;
  };
  return {
    time: place('time'),
    key: place('key'),
    size: place('size'),
    op: place('op'),
    count: place('count'),
  };
}

/** Beginnings and ends of a line's fields, without their quotes. @returns How many there are. */
function split(
  bytes: Uint8Array,
  from: number,
  to: number,
  delimiter: number,
  starts: Int32Array,
  ends: Int32Array,
): number {
  let count = 0;
  let at = from;
  while (at <= to && count < MOST_FIELDS) {
    const quoted = bytes[at] === QUOTE && at < to;
    let end = at;
    if (quoted) {
      end += 1;
      while (end < to && (bytes[end] !== QUOTE || bytes[end + 1] === QUOTE))
        end += bytes[end] === QUOTE ? 2 : 1;
      starts[count] = at + 1;
      ends[count] = Math.min(end, to);
      end = Math.min(end + 1, to);
    }
    while (end < to && bytes[end] !== delimiter) end += 1;
    if (!quoted) {
      starts[count] = at;
      ends[count] = end;
    }
    count += 1;
    at = end + 1;
  }
  return count;
}
