import type { Redis } from 'ioredis';

/** A copy as it lies in Redis. */
export interface Copy {
  key: string;
  bytes: Buffer;
  startedAtMs: number;
  /** The life that the server gave it. */
  ttlMs: number;
  /** How long Redis keeps it after its logical end, e.g. to send it stale. */
  keptMs: number;
}

/** Where the header says when the load began, and how long the copy lives: see `server/cache/entry.ts`. */
const STARTED_AT = { offset: 10, bytes: 6 } as const;
const TTL_OFFSET = 20;
const BATCH = 100;

/** Reads the copies. @param now - Milliseconds since the Unix epoch. @throws Error if one is missing. */
export async function readCopies(
  redis: Redis,
  keys: readonly string[],
  now: () => number,
): Promise<Copy[]> {
  const copies: Copy[] = [];
  for (let from = 0; from < keys.length; from += BATCH) {
    const batch = keys.slice(from, from + BATCH);
    const [bytes, ends] = await Promise.all([
      redis.mgetBuffer(...batch),
      Promise.all(batch.map(async (key) => now() + (await redis.pttl(key)))),
    ]);
    for (const [index, key] of batch.entries()) {
      const copy = bytes[index];
      if (copy == null) throw new Error(`${key} has no copy: the stores were not warmed`);
      const startedAtMs = copy.readUIntBE(STARTED_AT.offset, STARTED_AT.bytes);
      const ttlMs = copy.readUInt32BE(TTL_OFFSET);
      copies.push({
        key,
        bytes: copy,
        startedAtMs,
        ttlMs,
        keptMs: ends[index]! - startedAtMs - ttlMs,
      });
    }
  }
  return copies;
}

/** When a copy of the moved history ends. */
export interface Ending {
  key: string;
  endsAtMs: number;
  /** The copy is one of those made in the common moment, not one that took the place of such a one. */
  first: boolean;
}

/**
 * The copies as they would lie at `nowMs` if all had been made around `madeAtMs`, each with the life that the server gave
 * it. One whose life would be over by then was loaded again at its end, with a life that the server gave to another copy.
 */
export function aged(
  copies: readonly Copy[],
  times: { madeAtMs: number; spreadMs: number; nowMs: number },
  random: () => number,
): (Copy & Ending)[] {
  return copies.map((copy) => {
    let { ttlMs } = copy;
    let startedAtMs = Math.round(times.madeAtMs + (random() - 0.5) * times.spreadMs);
    let first = true;
    while (startedAtMs + ttlMs <= times.nowMs) {
      startedAtMs += ttlMs;
      ({ ttlMs } = copies[Math.floor(random() * copies.length)]!);
      first = false;
    }
    const bytes = Buffer.from(copy.bytes);
    bytes.writeUIntBE(startedAtMs, STARTED_AT.offset, STARTED_AT.bytes);
    bytes.writeUInt32BE(ttlMs, TTL_OFFSET);
    return { ...copy, bytes, startedAtMs, ttlMs, first, endsAtMs: startedAtMs + ttlMs };
  });
}

/** Puts the copies back, to be gone from Redis when they say. */
export async function writeCopies(redis: Redis, copies: readonly (Copy & Ending)[]): Promise<void> {
  for (let from = 0; from < copies.length; from += BATCH) {
    const batch = copies.slice(from, from + BATCH);
    await Promise.all(
      batch.map(({ key, bytes, endsAtMs, keptMs }) =>
        redis.set(key, bytes, 'PXAT', endsAtMs + keptMs),
      ),
    );
  }
}
