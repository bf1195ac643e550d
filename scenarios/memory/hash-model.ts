import {
  allocatedBytes,
  bytesInRedis,
  ENTRY_BYTES,
  OBJECT_BYTES,
  textHeaderBytes,
} from '../../sim/redis/memory.ts';
import { isPacked, type Shape } from './grid.ts';

/** A pointer: what a table has for each of its buckets. */
const BUCKET_BYTES = 8;
/** Type, two tables with their sizes, and the place of a rehash. */
const DICT_BYTES = 56;
/** A listpack begins with its size and count, and ends with one byte. */
const LISTPACK_FRAME_BYTES = 7;

/**
 * Memory that the fields of one Hash take in Redis 7, a field: up to both limits they lie one after the other in a listpack,
 * beyond either each is an entry of a table, as a key is. In both cases the Hash itself is an entry of the main table.
 * @param quantumBytes - Steps of the allocator's small sizes.
 * @see https://github.com/redis/redis/tree/7.0/src t_hash.c, listpack.c, dict.h
 */
export function hashBytesPerField(shape: Shape, quantumBytes: 8 | 16): number {
  const { fields, keyBytes, fieldBytes, valueBytes } = shape;
  const allocated = (bytes: number): number => allocatedBytes(bytes, quantumBytes);
  const text = (length: number): number => allocated(textHeaderBytes(length) + length + 1);
  const own = BUCKET_BYTES + allocated(ENTRY_BYTES) + text(keyBytes) + allocated(OBJECT_BYTES);
  const content = isPacked(shape)
    ? allocated(LISTPACK_FRAME_BYTES + fields * (packedBytes(fieldBytes) + packedBytes(valueBytes)))
    : allocated(DICT_BYTES) +
      allocated(BUCKET_BYTES * bucketsFor(fields)) +
      fields * (allocated(ENTRY_BYTES) + text(fieldBytes) + text(valueBytes));
  return (own + content) / fields;
}

/** Memory of the same field as a String of its own, its bucket included; the table is full, which is the least that it can take. */
export function stringBytesPerField(shape: Shape, quantumBytes: 8 | 16): number {
  const { stringKeyBytes, valueBytes } = shape;
  return bytesInRedis(stringKeyBytes, valueBytes, { quantumBytes }) + BUCKET_BYTES;
}

/** An element: type and length in front, its own length behind, for the way back. Texts that are whole numbers take less. */
function packedBytes(length: number): number {
  const front = length < 64 ? 1 : length < 4096 ? 2 : 5;
  return front + length + (front + length < 128 ? 1 : 2);
}

/** A table doubles when it is full; it has 4 at least. */
function bucketsFor(entries: number): number {
  return Math.max(4, 2 ** Math.ceil(Math.log2(entries)));
}
