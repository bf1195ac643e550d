/** What a value is, and where it lies. */
export const OBJECT_BYTES = 16;
/** Key, value and next: three pointers. */
export const ENTRY_BYTES = 24;
/** Longer values get an allocation of their own beside their object. */
const EMBEDDED_MOST_BYTES = 44;

/**
 * Memory that one string key takes in Redis 7: its table entry, the key's text, the value's object and text, each rounded up to
 * what the allocator hands out. The buckets come on top: 8 to 16 bytes a key, as the table is a power of two. Values that are
 * whole numbers take less; from 32 KiB on the receive buffer may become the value, with some room to spare.
 * @param options - `expires`: the key has a TTL, which is an entry in a second table. `quantumBytes`: steps of the allocator's
 * small sizes; 8 in Redis's own builds and Docker images, 16 where it is linked with the system's jemalloc, as Debian's is.
 * @see https://github.com/redis/redis/tree/7.0/src sds.h, object.c, dict.h; https://jemalloc.net/jemalloc.3.html size classes
 */
export function bytesInRedis(
  keyBytes: number,
  valueBytes: number,
  options: { expires?: boolean; quantumBytes?: 8 | 16 } = {},
): number {
  const { expires = false, quantumBytes = 8 } = options;
  const allocated = (bytes: number): number => allocatedBytes(bytes, quantumBytes);
  const value =
    valueBytes <= EMBEDDED_MOST_BYTES
      ? allocated(OBJECT_BYTES + textHeaderBytes(256 - 1) + valueBytes + 1)
      : allocated(OBJECT_BYTES) + allocated(textHeaderBytes(valueBytes) + valueBytes + 1);
  const entries = (expires ? 2 : 1) * allocated(ENTRY_BYTES);
  return entries + allocated(textHeaderBytes(keyBytes) + keyBytes + 1) + value;
}

/** jemalloc's size classes: four to each doubling, but never closer than the quantum. */
export function allocatedBytes(bytes: number, quantumBytes: number): number {
  if (bytes <= 8) return 8;
  const step = Math.max(quantumBytes, 2 ** (Math.ceil(Math.log2(bytes)) - 3));
  return Math.ceil(bytes / step) * step;
}

/** Before each text (SDS): flags, and length and room in as many bytes as the length needs. */
export function textHeaderBytes(length: number): number {
  if (length > 0 && length < 32) return 1;
  if (length < 256) return 3;
  if (length < 2 ** 16) return 5;
  return length < 2 ** 32 ? 9 : 17;
}
