import { access } from './access.ts';
import { csv, meta } from './csv.ts';
import type { Columns, Format } from './format.ts';
import { ids } from './ids.ts';
import { monitor } from './monitor.ts';
import { looksLikeRecords, oracleGeneral } from './oracle-general.ts';
import { textOf } from './operations.ts';
import { pino } from './pino.ts';
import { twitter } from './twitter.ts';

/** Every form of trace that can be read. */
export const FORMATS: readonly Format[] = [
  oracleGeneral,
  twitter,
  meta,
  csv,
  ids,
  monitor,
  access,
  pino,
];

/** What a file seems to be. */
export interface Detected {
  readonly format: Format;
  /** For a csv with a header line: the columns whose names say what they mean. */
  readonly columns?: Columns;
}

/** Forms of text by what their lines look like; all but the last two lines of `HEAD_BYTES` have to. */
const PATTERNS: readonly { format: Format; line: RegExp }[] = [
  { format: monitor, line: /^(?:OK|\d+\.\d+ \[\d+ [^\]]*\] ".*)$/ },
  { format: access, line: /^\S+ \S+ .*\[\d\d\/\w{3}\/\d{4}(?::\d\d){3} [+-]\d{4}\] "/ },
  { format: pino, line: /^\{.*\}$/ },
  { format: twitter, line: /^\d+,.+,\d+,\d+,\d+,[a-z]+,\d+$/ },
];

/** Names that columns of users' own files have. */
const NAMES: Record<keyof Columns, RegExp> = {
  key: /^(?:key|id|obj_?id|object|url|path)$/i,
  time: /^(?:time|timestamp|ts|time_s)$/i,
  size: /^(?:size|bytes|obj_size|value_size|length)$/i,
  op: /^(?:op|operation|method|cmd|command)$/i,
  count: /^(?:count|op_count)$/i,
};

/**
 * What a file is, by its name and its beginning.
 * @param name - Of the file, without the ending of its compression.
 * @param head - Its first bytes, decompressed: 4 KiB or all it has.
 * @returns null when it is nothing that is known.
 */
export function detectFormat(name: string, head: Uint8Array): Detected | null {
  if (isBinary(head))
    return looksLikeRecords(head) || (/oraclegeneral/i.test(name) && head.length >= 24)
      ? { format: oracleGeneral }
      : null;
  const lines = textOf(head, 0, Math.min(head.length, 4096))
    .replace(/^\u00ef\u00bb\u00bf/, '')
    .split(/\r?\n/);
  // The last line is cut off, if it is not the only one.
  const whole = (lines.length > 1 ? lines.slice(0, -1) : lines).filter((line) => line !== '');
  const first = whole[0];
  if (first === undefined) return null;
  if (/^(?:op_time,)?key,(?:.*,)?op_count(?:,|$)/.test(first)) return { format: meta };
  for (const { format, line } of PATTERNS) {
    const fitting = whole.filter((text) => line.test(text)).length;
    if (fitting > whole.length / 2) return { format };
  }
  const columns = namedColumns(first.split(','));
  if (columns !== null && first.includes(',')) return { format: csv, columns };
  return whole.every((line) => /^[^\s,;{}"]+$/.test(line)) ? { format: ids } : null;
}

function namedColumns(names: readonly string[]): Columns | null {
  const named = (meaning: keyof Columns): string | undefined =>
    names.map((name) => name.trim()).find((name) => NAMES[meaning].test(name));
  const key = named('key');
  if (key === undefined) return null;
  const columns: { -readonly [meaning in keyof Columns]: Columns[meaning] } = { key };
  for (const meaning of ['time', 'size', 'op', 'count'] as const) {
    const name = named(meaning);
    if (name !== undefined) columns[meaning] = name;
  }
  return columns;
}

/** Text has no zero bytes and hardly any control characters. */
export function isBinary(head: Uint8Array): boolean {
  let control = 0;
  for (const byte of head) {
    if (byte === 0) return true;
    if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13) control += 1;
  }
  return control > head.length / 20;
}
