import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { Decompress } from 'fzstd';
import { RECORD_BYTES } from '../../sim/formats/oracle-general.ts';
import { EXIT, LabError } from '../errors.ts';

/** Bytes read at once: whole records, so that a binary trace is never cut inside one. */
const CHUNK_BYTES = RECORD_BYTES * 16_384;
/** Compressed bytes at once: what they grow to is held in memory. */
const PACKED_BYTES = 65_536;

export type Compression = 'none' | 'gzip' | 'zstd';

/** A file as it lies on the disk. */
export interface TraceFile {
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
  readonly compression: Compression;
}

/**
 * Looks at a trace's file.
 * @throws LabError `E_TRACE_MISSING`: no such file, or none that can be read; `E_TRACE_EMPTY`.
 */
export async function traceFile(path: string): Promise<TraceFile> {
  const hint = 'give the path of a trace; `npm run lab -- trace capture` records one from a Redis';
  const missing = (why: string, cause?: unknown): LabError =>
    new LabError('E_TRACE_MISSING', `${path}: ${why}`, {
      ...{ hint, exitCode: EXIT.badArguments },
      ...(cause === undefined ? {} : { cause }),
    });
  const found = await stat(path).catch((cause: unknown) => {
    throw missing(cause instanceof Error ? cause.message : String(cause), cause);
  });
  if (!found.isFile()) throw missing('not a regular file');
  if (found.size === 0) throw emptyTrace(path, 'the file has 0 bytes');
  const file = await open(path).catch((cause: unknown) => {
    throw missing(cause instanceof Error ? cause.message : String(cause), cause);
  });
  try {
    const { buffer } = await file.read(new Uint8Array(4), 0, 4, 0);
    const compression = compressionOf(buffer);
    return { path, bytes: found.size, modifiedMs: found.mtimeMs, compression };
  } finally {
    await file.close();
  }
}

export function emptyTrace(path: string, why: string): LabError {
  return new LabError('E_TRACE_EMPTY', `${path} holds no requests: ${why}`, {
    hint: 'check that its recording or download ended well',
    exitCode: EXIT.badArguments,
  });
}

/** By the first bytes, not by the name: names lie. */
function compressionOf(head: Uint8Array): Compression {
  const [a, b, c, d] = head;
  if (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) return 'zstd';
  return a === 0x1f && b === 0x8b ? 'gzip' : 'none';
}

/**
 * A file's content from its beginning, decompressed. A chunk's memory is used again: it is the caller's until it asks for the
 * next.
 * @throws LabError `E_TRACE_TRUNCATED` or `E_TRACE_COMPRESSION`: the compressed data ends too soon, or is none.
 */
export async function* chunksOf(file: TraceFile): AsyncGenerator<Uint8Array> {
  if (file.compression === 'none') {
    yield* plainChunks(file.path);
    return;
  }
  try {
    yield* file.compression === 'gzip' ? gunzipped(file.path) : unpacked(file.path);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const truncated = /unexpected (?:EOF|end of file)/i.test(why);
    throw new LabError(
      truncated ? 'E_TRACE_TRUNCATED' : 'E_TRACE_COMPRESSION',
      `${file.path} cannot be decompressed as ${file.compression}: ${why}`,
      { hint: 'fetch or write the file again', cause, exitCode: EXIT.badArguments },
    );
  }
}

/** The next chunk is read while the caller works on this one. */
async function* plainChunks(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path);
  let ahead: Promise<Uint8Array> | null = null;
  try {
    let buffers = [new Uint8Array(CHUNK_BYTES), new Uint8Array(CHUNK_BYTES)] as const;
    const read = async (into: Uint8Array): Promise<Uint8Array> => {
      let length = 0;
      // A read may bring less than asked for, and only one that brings nothing is the end.
      while (length < into.length) {
        const { bytesRead } = await file.read(into, length, into.length - length);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      return into.subarray(0, length);
    };
    ahead = read(buffers[0]);
    for (;;) {
      const chunk = await ahead;
      if (chunk.length === 0) return;
      ahead = read(buffers[1]);
      yield chunk;
      buffers = [buffers[1], buffers[0]];
    }
  } finally {
    // The caller may have stopped early: nobody waits for this read any more, but the file must stay open until its end.
    await ahead?.catch(() => {});
    await file.close();
  }
}

async function* gunzipped(path: string): AsyncGenerator<Uint8Array> {
  const source = createReadStream(path, { highWaterMark: PACKED_BYTES });
  const gunzip = createGunzip({ chunkSize: 16 * PACKED_BYTES });
  source.on('error', (error) => gunzip.destroy(error));
  try {
    for await (const chunk of source.pipe(gunzip)) yield chunk as Uint8Array;
  } finally {
    source.destroy();
  }
}

/** The decoder keeps what it was given and what it gave, so neither may be overwritten before it is done with a push. */
async function* unpacked(path: string): AsyncGenerator<Uint8Array> {
  let ready: Uint8Array[] = [];
  const decoder = new Decompress((part) => {
    if (part.length > 0) ready.push(part);
  });
  for await (const chunk of createReadStream(path, { highWaterMark: PACKED_BYTES })) {
    decoder.push(chunk as Uint8Array);
    const parts = ready;
    ready = [];
    yield* parts;
  }
  decoder.push(new Uint8Array(0), true);
  yield* ready;
}
