import { closeSync, constants, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Hands } from '../../lab/protocol.ts';
import { BLOCK_READS, type Depth } from './plan.ts';

const READ_BYTES = 8192;
const MEBIBYTE = 2 ** 20;
/** Bytes: blocks of disks are not larger, and memory is allocated at multiples of this step. */
const LARGEST_BLOCK = 4096;
const ALLOCATION_STEP = 16;

/** Medians of blocks of reads, in ms. */
export interface ReadTimes {
  memoryMs: number[];
  postgresMs: number[];
  /** Empty where the file system gives no reads past its cache. */
  diskMs: number[];
  notes: string[];
}

/** The same row from Redis and from Postgres, which has it in memory, and a page of a file from the disk, in turns. */
export async function timeReads(hands: Hands, depth: Depth): Promise<ReadTimes> {
  const { redis } = hands;
  const postgres = await hands.connect();
  const text = 'SELECT id, name, description, price FROM cachelab.products WHERE id = $1';
  const row = await postgres.query<{ id: number }>(text.replace('id = $1', 'true LIMIT 1'));
  const id = row.rows[0]?.id;
  if (id === undefined) throw new Error('the database has no product');
  const key = `${hands.urls.keyPrefix}durability:row`;
  await redis.set(key, JSON.stringify(row.rows[0]), 'EX', 60);
  const disk = openDisk(hands, depth.diskMebibytes);
  const times: ReadTimes = { memoryMs: [], postgresMs: [], diskMs: [], notes: [] };
  if (typeof disk === 'string') times.notes.push(disk);
  try {
    for (let block = 0; block <= depth.blocks; block += 1) {
      const memoryMs = await median(() => redis.get(key));
      const postgresMs = await median(() => postgres.query({ name: 'row', text, values: [id] }));
      const diskMs =
        typeof disk === 'string' ? null : await median(() => disk.read(hands.random()));
      if (block === 0) continue; // warms connections and plans
      times.memoryMs.push(memoryMs);
      times.postgresMs.push(postgresMs);
      if (diskMs !== null) times.diskMs.push(diskMs);
    }
  } finally {
    if (typeof disk !== 'string') disk.close();
    await redis.del(key);
  }
  return times;
}

async function median(read: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let count = 0; count < BLOCK_READS; count += 1) {
    const startMs = performance.now();
    await read();
    times.push(performance.now() - startMs);
  }
  return times.toSorted((a, b) => a - b)[BLOCK_READS >> 1]!;
}

/** A file to be read past the page cache, or why there is none. */
function openDisk(
  hands: Hands,
  mebibytes: number,
): { read: (place: number) => number; close: () => void } | string {
  const path = join(hands.folder('disk'), 'blocks');
  const writing = openSync(path, 'w');
  const chunk = Buffer.alloc(MEBIBYTE);
  for (let at = 0; at < MEBIBYTE; at += 4) chunk.writeInt32LE((hands.random() * 2 ** 31) | 0, at);
  for (let written = 0; written < mebibytes; written += 1) writeSync(writing, chunk);
  fsyncSync(writing);
  closeSync(writing);
  const blocks = (mebibytes * MEBIBYTE) / READ_BYTES;
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_DIRECT);
    const target = alignedBuffer(file);
    const read = (place: number): number =>
      readSync(file, target, 0, READ_BYTES, Math.floor(place * blocks) * READ_BYTES);
    return { read, close: () => closeSync(file) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return `no read past the page cache on this file system (O_DIRECT: ${code})`;
  }
}

/** O_DIRECT asks for memory at a multiple of the disk's block; Node does not tell addresses, so the place is tried out. */
function alignedBuffer(file: number): Buffer {
  const whole = Buffer.allocUnsafeSlow(READ_BYTES + LARGEST_BLOCK);
  for (let from = 0; ; from += ALLOCATION_STEP) {
    const part = whole.subarray(from, from + READ_BYTES);
    try {
      readSync(file, part, 0, READ_BYTES, 0);
      return part;
    } catch (error) {
      if (from >= LARGEST_BLOCK) throw error;
    }
  }
}
