import { bytesInRedis } from '../redis/memory.ts';
import type { Trace } from '../trace.ts';
import { LEAST_MEMORY_BYTES, type Question, SERVER_BYTES } from './question.ts';

/** Buckets of the two tables (keys, expiries): 8 to 16 bytes a key in each, as a table is a power of two. */
const BUCKET_BYTES = 24;

/**
 * The same trace with each object as large as it is in a Redis: value, key, entries of both tables.
 * @param sizes.keyBytes - Of each key.
 * @param sizes.valueBytes - Of each value whose size the trace does not tell.
 */
export function inRedis(trace: Trace, sizes: { keyBytes: number; valueBytes: number }): Trace {
  const { keyBytes, valueBytes } = sizes;
  const bytes = new Uint32Array(trace.objects);
  for (let id = 0; id < bytes.length; id += 1) {
    const known = trace.bytes?.[id] ?? 0;
    const value = known === 0 ? valueBytes : known;
    bytes[id] = BUCKET_BYTES + bytesInRedis(keyBytes, value, { expires: true });
  }
  return { ...trace, bytes };
}

/** Parts of what is allowed, and multiples that are looked at only where nothing within it will do. */
const PARTS = [1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8, 16];

/** Values of `maxmemory` on the grid, in bytes, the least first. */
export function memoriesOf({ memoryBytes }: Pick<Question, 'memoryBytes'>): number[] {
  return PARTS.map((part) => Math.floor(memoryBytes * part)).filter(
    (bytes) => bytes >= LEAST_MEMORY_BYTES,
  );
}

/** What is left for the keys of the trace, in bytes. */
export function capacityOf(memoryBytes: number, { sample }: Pick<Question, 'sample'>): number {
  return Math.floor((memoryBytes - SERVER_BYTES) * sample);
}
