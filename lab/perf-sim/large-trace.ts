import { open } from 'node:fs/promises';
import { RECORD } from '../../sim/formats/format.ts';
import { RECORD_BYTES } from '../../sim/formats/oracle-general.ts';
import { fillByAlias, zipfTable } from '../../sim/generators/alias.ts';
import { randomStream } from '../../sim/random.ts';
import { spreadKeys } from './spread.ts';

/** A Zipf(1.0) trace of any length, 1,000 requests a second. */
export interface LargeTrace {
  /** Below 2³¹. */
  readonly requests: number;
  readonly objects: number;
  readonly seed: number;
}

const RECORDS_EACH = 131_072;
const REQUESTS_PER_SECOND = 1000;

/**
 * Writes a trace that does not fit into memory as oracleGeneral, from its end to its beginning: so each record knows where its
 * object comes next, with one number an object. Each part is drawn from a stream of its own, so that their order does not matter.
 * Needs about 32 bytes an object.
 * @param path - Is written in place: a file that is not whole yet must not have its final name.
 */
export async function writeLargeTrace(
  path: string,
  { requests, objects, seed }: LargeTrace,
): Promise<void> {
  const table = zipfTable(objects, 1);
  const keys = spreadKeys(objects);
  const next = new Int32Array(objects).fill(-1);
  const ids = new Int32Array(RECORDS_EACH);
  const file = await open(path, 'wx');
  let writing: Promise<void> = Promise.resolve();
  try {
    // Two buffers: one is filled while the other is written.
    let buffers = [recordsOf(RECORDS_EACH), recordsOf(RECORDS_EACH)] as const;
    for (let part = Math.ceil(requests / RECORDS_EACH) - 1; part >= 0; part -= 1) {
      const from = part * RECORDS_EACH;
      const count = Math.min(RECORDS_EACH, requests - from);
      fillByAlias(table, randomStream(seed, `part ${part}`), ids, 0, count);
      const [words, other] = buffers;
      fillRecords(words, ids, count, from, keys, next);
      await writing;
      const bytes = new Uint8Array(words.buffer, 0, RECORD_BYTES * count);
      writing = writeAll(file, bytes, RECORD_BYTES * from);
      // A failure is met at the next `await`, and until then nobody looks at it.
      writing.catch(() => {});
      buffers = [other, words];
    }
    await writing;
  } finally {
    await writing.catch(() => {});
    await file.close();
  }
}

const recordsOf = (count: number): Int32Array<ArrayBuffer> => new Int32Array(RECORD.words * count);

function fillRecords(
  words: Int32Array,
  ids: Int32Array,
  count: number,
  from: number,
  keys: Int32Array,
  next: Int32Array,
): void {
  for (let i = count - 1; i >= 0; i -= 1) {
    const id = ids[i]!;
    const at = RECORD.words * i;
    const later = next[id]!;
    words[at + RECORD.tick] = Math.floor((from + i) / REQUESTS_PER_SECOND);
    words[at + RECORD.key] = keys[2 * id]!;
    words[at + RECORD.key + 1] = keys[2 * id + 1]!;
    words[at + RECORD.bytes] = 1;
    words[at + 4] = later;
    words[at + 5] = later < 0 ? -1 : 0;
    next[id] = from + i;
  }
}

async function writeAll(
  file: Awaited<ReturnType<typeof open>>,
  bytes: Uint8Array,
  position: number,
): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, at, bytes.length - at, position + at);
    at += bytesWritten;
  }
}
