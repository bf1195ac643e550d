import { OP } from '../trace.ts';
import type { Format, FormatOptions } from './format.ts';
import { Records } from './format.ts';
import type { LineReader } from './lines.ts';
import { lineParser, shown } from './lines.ts';
import { operationNamed, textOf } from './operations.ts';

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
/** Host, two names, time, method, target; then status and bytes behind the request's closing quote. */
const LINE =
  /^\S+ \S+ .*?\[(\d\d)\/(\w{3})\/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)\] "([A-Z]+) ((?:[^" \\]|\\.)+)(?: [^"]*)?" \d{3} (\d+|-)/d;

/**
 * Access logs of web servers, common and combined form. GET and HEAD read, the methods that change something write, others
 * count as other lines. An object is a path, with `key: 'url'` a path with its query.
 * Source: https://httpd.apache.org/docs/current/logs.html#accesslog.
 */
export const access: Format = {
  name: 'access',
  title: 'access log of a web server, common or combined',
  text: true,
  ops: true,
  chains: false,
  tickMs: () => 1000,
  parser(options, sink, lines) {
    const records = new Records(sink, 1000);
    const other = (): void => {
      lines.other += 1;
    };
    return lineParser(readLine(options, records, other), records, lines);
  },
};

function readLine(
  { key = 'path' }: FormatOptions,
  records: Records,
  other: () => void,
): LineReader {
  if (key !== 'path' && key !== 'url')
    throw new RangeError(`key of an access log is "${key}", allowed are path and url`);
  return (bytes, from, to) => {
    // One character a byte, so that places in the text are places in the bytes.
    const found = LINE.exec(textOf(bytes, from, to));
    if (found === null) return `no line of an access log: ${shown(bytes, from, to)}`;
    const [, day, month, year, hour, minute, second, sign, zoneHours, zoneMinutes] = found;
    const monthIndex = MONTHS.indexOf(month ?? '') / 3;
    if (!Number.isInteger(monthIndex) || monthIndex < 0) return `month is "${month}"`;
    const zoneMs = (Number(zoneHours) * 60 + Number(zoneMinutes)) * 60_000;
    const local = Date.UTC(
      ...([Number(year), monthIndex, Number(day)] as const),
      ...([Number(hour), Number(minute), Number(second)] as const),
    );
    const timeMs = sign === '+' ? local - zoneMs : local + zoneMs;
    if (!records.fits(timeMs)) return 'time is 136 years after the first';
    const op = operationNamed(found[10] ?? '');
    if (op === undefined) {
      other();
      return null;
    }
    const target = found[11] ?? '';
    const [start] = found.indices?.[11] ?? [0];
    const query = key === 'path' ? target.indexOf('?') : -1;
    const length = query < 0 ? target.length : query;
    const size = op === OP.read && found[12] !== '-' ? Number(found[12]) : 0;
    records.add(timeMs, bytes, from + start, from + start + length, { op, size });
    return null;
  };
}
