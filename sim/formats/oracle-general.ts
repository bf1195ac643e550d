import { NEVER, nextUses } from '../trace.ts';
import type { Trace } from '../trace.ts';
import type { Format, Parser, Sink } from './format.ts';
import { RECORD } from './format.ts';

/** Bytes of one record. */
export const RECORD_BYTES: number = 4 * RECORD.words;

/** Records at the beginning that are looked at to tell a trace from any other file. */
const LOOKED_AT = 1000;

/**
 * The binary form of nearly all public traces: per request u32 time in seconds, u64 object, u32 bytes, and i64 position of the
 * object's next request (−1: none), little endian. Source: libCacheSim, https://github.com/1a1a11a/libCacheSim.
 */
export const oracleGeneral: Format = {
  name: 'oracleGeneral',
  title: 'oracleGeneral, 24 bytes a request',
  text: false,
  ops: false,
  chains: true,
  tickMs: () => 1000,
  parser: (_options, sink, lines) =>
    recordParser((records, count) => {
      lines.seen += count;
      sink(records, count);
    }),
};

function recordParser(sink: Sink): Parser {
  /** A record whose end is in a later chunk. */
  const split = new Uint8Array(RECORD_BYTES);
  let held = 0;
  return {
    push(chunk) {
      let from = 0;
      if (held > 0) {
        from = Math.min(RECORD_BYTES - held, chunk.length);
        split.set(chunk.subarray(0, from), held);
        held += from;
        if (held < RECORD_BYTES) return;
        sink(new Int32Array(split.buffer), 1);
        held = 0;
      }
      const count = Math.floor((chunk.length - from) / RECORD_BYTES);
      const to = from + count * RECORD_BYTES;
      if (count > 0) sink(wordsOf(chunk, from, to), count);
      split.set(chunk.subarray(to));
      held = chunk.length - to;
    },
    end: () => held,
  };
}

/** The bytes as words: in place where they are aligned. Machines are little endian, as the records are. */
function wordsOf(bytes: Uint8Array, from: number, to: number): Int32Array {
  const at = bytes.byteOffset + from;
  if (at % 4 === 0 && bytes.buffer instanceof ArrayBuffer)
    return new Int32Array(bytes.buffer, at, (to - from) / 4);
  return new Int32Array(bytes.slice(from, to).buffer);
}

/**
 * Whether a file's beginning can be records of this form: times that hardly ever fall, next positions that are −1 or above.
 * In text or random bytes half of them contradict it.
 */
export function looksLikeRecords(head: Uint8Array): boolean {
  const count = Math.min(LOOKED_AT, Math.floor(head.length / RECORD_BYTES));
  const view = new DataView(head.buffer, head.byteOffset, count * RECORD_BYTES);
  let wrong = 0;
  let last = 0;
  for (let at = 0; at < view.byteLength; at += RECORD_BYTES) {
    const time = view.getUint32(at, true);
    const next = view.getInt32(at + 20, true);
    const low = view.getUint32(at + 16, true);
    // Positions of 2⁴⁸ and more are of no trace; some writers say "never" by the largest number there is.
    const possible = next === -1 ? low === 2 ** 32 - 1 : next < 2 ** 16 || next === 2 ** 31 - 1;
    if (time < last || next < -1 || !possible) wrong += 1;
    last = time;
  }
  return count > 0 && wrong <= count / 20;
}

/**
 * A trace as oracleGeneral records. Objects are written as their dense ids, times as seconds from 0, writes as requests like
 * all others: the form knows no more.
 * @returns Parts of at most `recordsEach` records, in order; each is written before the next is asked for.
 */
export function* oracleGeneralRecords(
  trace: Trace,
  recordsEach = 65_536,
): Generator<Uint8Array<ArrayBuffer>> {
  const { ids, ticks, bytes, tickMs } = trace;
  const next = nextUses(trace);
  for (let from = 0; from < ids.length; from += recordsEach) {
    const count = Math.min(recordsEach, ids.length - from);
    const words = new Int32Array(RECORD.words * count);
    for (let i = 0; i < count; i += 1) {
      const at = RECORD.words * i;
      const id = ids[from + i]!;
      const later = next[from + i]!;
      words[at + RECORD.tick] = ticks === null ? 0 : Math.floor((ticks[from + i]! * tickMs) / 1000);
      words[at + RECORD.key] = id;
      words[at + RECORD.bytes] = bytes === null ? 1 : bytes[id]!;
      words[at + 4] = later === NEVER ? -1 : later;
      words[at + 5] = later === NEVER ? -1 : 0;
    }
    yield new Uint8Array(words.buffer);
  }
}
