import { OP } from '../trace.ts';
import type { Format, FormatOptions } from './format.ts';
import { Records } from './format.ts';
import type { LineReader } from './lines.ts';
import { lineParser } from './lines.ts';
import { operationNamed } from './operations.ts';

/** Fields that name the object, the first that is there: pino-http's, common ones, and the demo server's slow requests. */
const KEYS = ['req.url', 'url', 'path', 'key', 'slug', 'what'];
const METHODS = ['req.method', 'method', 'op'];
const SIZES = ['res.headers.content-length', 'responseBytes', 'contentLength'];

/**
 * JSON lines of pino: `time` in milliseconds or as ISO 8601, the object's name in one of the usual fields or in the one that
 * `key` names. Lines without such a field are other lines. Without a method a line is a read.
 * Source: https://getpino.io/.
 */
export const pino: Format = {
  name: 'pino',
  title: 'JSON lines of pino',
  text: true,
  ops: true,
  chains: false,
  tickMs: () => 1,
  parser(options, sink, lines) {
    const records = new Records(sink, 1);
    const other = (): void => {
      lines.other += 1;
    };
    return lineParser(readLine(options, records, other), records, lines);
  },
};

function readLine({ key }: FormatOptions, records: Records, other: () => void): LineReader {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  const names = key === undefined ? KEYS : [key];
  return (bytes, from, to) => {
    let line: unknown;
    try {
      line = JSON.parse(decoder.decode(bytes.subarray(from, to)));
    } catch {
      return 'not JSON';
    }
    if (typeof line !== 'object' || line === null) return 'not a JSON object';
    const name = firstOf(line, names);
    const method = firstOf(line, METHODS);
    const op =
      method === undefined ? OP.read : operationNamed(typeof method === 'string' ? method : '');
    if ((typeof name !== 'string' && typeof name !== 'number') || op === undefined) {
      other();
      return null;
    }
    const time = firstOf(line, ['time']);
    const timeMs = typeof time === 'string' ? Date.parse(time) : Number(time ?? Number.NaN);
    if (Number.isNaN(timeMs)) return `time is ${JSON.stringify(time) ?? 'missing'}`;
    if (!records.fits(timeMs)) return `time is ${timeMs}, 49 days or more after the first`;
    const size = Number(firstOf(line, SIZES) ?? 0);
    const object = encoder.encode(String(name));
    records.add(timeMs, object, 0, object.length, { op, size: size >= 0 ? size : 0 });
    return null;
  };
}

/** Value at the first of these dotted paths that leads somewhere. */
function firstOf(line: object, paths: readonly string[]): unknown {
  for (const path of paths) {
    let value: unknown = line;
    for (const step of path.split('.'))
      value =
        typeof value === 'object' && value !== null && Object.hasOwn(value, step)
          ? (value as Record<string, unknown>)[step]
          : undefined;
    if (value !== undefined) return value;
  }
  return undefined;
}
