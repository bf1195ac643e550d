import type { Lines, Parser, Records } from './format.ts';

const NEWLINE = 10;
const RETURN = 13;
/** Longer ones are no lines of any trace; a file without line ends must not fill the memory. */
const LONGEST = 1 << 20;

/**
 * One line, `bytes[from]` to `bytes[to − 1]` without its end, into requests.
 * @returns Why it is none; null when all is well.
 */
export type LineReader = (bytes: Uint8Array, from: number, to: number) => string | null;

/** A parser of text: finds the lines, whatever the cuts between chunks, and counts the bad ones. */
export function lineParser(read: LineReader, records: Records, lines: Lines): Parser {
  let number = 0;
  /** The beginning of a line whose end is in a later chunk. */
  let kept = new Uint8Array(0);
  let tooLong = false;

  function line(bytes: Uint8Array, start: number, stop: number): void {
    number += 1;
    tooLong ||= stop - start > LONGEST;
    let from = start;
    const to = stop > start && bytes[stop - 1] === RETURN ? stop - 1 : stop;
    if (
      number === 1 &&
      bytes[from] === 0xef &&
      bytes[from + 1] === 0xbb &&
      bytes[from + 2] === 0xbf
    )
      from += 3;
    if (from >= to && !tooLong) return;
    lines.seen += 1;
    const reason = tooLong ? `longer than ${LONGEST} bytes` : read(bytes, from, to);
    tooLong = false;
    if (reason !== null) lines.addBad(number, reason, bytes, from, to);
  }

  return {
    push(chunk) {
      let from = 0;
      let end = chunk.indexOf(NEWLINE);
      if (end >= 0 && (kept.length > 0 || tooLong)) {
        const whole = joined(kept, chunk.subarray(0, end));
        kept = new Uint8Array(0);
        line(whole, 0, whole.length);
        from = end + 1;
        end = chunk.indexOf(NEWLINE, from);
      }
      while (end >= 0) {
        line(chunk, from, end);
        from = end + 1;
        end = chunk.indexOf(NEWLINE, from);
      }
      const rest = chunk.subarray(from);
      if (kept.length + rest.length > LONGEST) tooLong = true;
      // Of a line that is too long the beginning is kept, to be shown.
      kept = tooLong ? joined(kept, rest).slice(0, 80) : joined(kept, rest);
    },
    end() {
      if (kept.length > 0) line(kept, 0, kept.length);
      kept = new Uint8Array(0);
      records.flush();
      return 0;
    },
  };
}

/** Always a copy: the chunk's memory may be used again. */
function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** Digits with an optional fraction. @returns NaN when it is anything else, the empty text too. */
export function numberIn(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  let scale = 0;
  if (from >= to) return Number.NaN;
  for (let at = from; at < to; at += 1) {
    const digit = bytes[at]! - 48;
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
      scale *= 10;
    } else if (bytes[at] === 46 && scale === 0 && at > from && at + 1 < to) scale = 1;
    else return Number.NaN;
  }
  return scale > 1 ? value / scale : value;
}

/** A field as an error shows it. */
export function shown(bytes: Uint8Array, from: number, to: number): string {
  const text = String.fromCharCode(...bytes.subarray(from, Math.min(to, from + 40)));
  return `"${text.replace(/[^\x20-\x7e]/g, '·')}"`;
}
