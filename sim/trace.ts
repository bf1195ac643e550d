/**
 * A trace as every simulation here takes it: objects are dense numbers, so that a cache's state is arrays and not a map.
 * Reading a file into this shape costs more than any policy; it is done once and kept (`lab/traces/`).
 */
export interface Trace {
  /** Object of each request: 0 to `objects` − 1, numbered in the order of their first requests. */
  readonly ids: Int32Array;
  readonly objects: number;
  /** When each request came, in ticks since the first; never falls. `null`: the source has no times, or nobody asked. */
  readonly ticks: Uint32Array | null;
  /** Milliseconds of one tick: 1000 where the source counts in seconds. */
  readonly tickMs: number;
  /** Bytes of each object as its first request gave them. `null`: all objects count as one. */
  readonly bytes: Uint32Array | null;
  /** What each request does (`OP`). `null`: all read. */
  readonly ops: Uint8Array | null;
  /** Its `nextUses`, where they were computed for several who need them. */
  readonly nexts?: Int32Array;
}

/** What a request does to the cache: a read looks up and fills on a miss; a write changes the object in its database. */
export const OP = { read: 0, write: 1 } as const;

/** A trace of reads without times and sizes: what a question about hit ratios needs. */
export function readsOf(ids: Int32Array, objects: number): Trace {
  return { ids, objects, ticks: null, tickMs: 1000, bytes: null, ops: null };
}

/** No later request: larger than any position. */
export const NEVER = 0x7fff_ffff;

/**
 * Where each request's object is requested next, by one pass from the end.
 * @returns One position a request, `NEVER` at the last request of an object.
 */
export function nextUses({ ids, objects }: Pick<Trace, 'ids' | 'objects'>): Int32Array {
  const next = new Int32Array(new SharedArrayBuffer(4 * ids.length));
  const seen = objects <= ids.length ? next.subarray(0, objects).fill(NEVER) : null;
  if (seen !== null && fillNexts(ids, next, seen)) return next;
  fillNexts(ids, next, new Int32Array(objects).fill(NEVER));
  return next;
}

/**
 * @param seen - Where each object was requested last, seen from the end. It may be the beginning of `next`, so that it takes no
 * room: an object's place there is written over at the position of its number, before which it is not requested where objects
 * are numbered in the order of their first requests.
 * @returns False: they are not, and what was written means nothing; only where the two are one array.
 */
function fillNexts(ids: Int32Array, next: Int32Array, seen: Int32Array): boolean {
  const inPlace = seen.buffer === next.buffer;
  for (let at = ids.length - 1; at >= 0; at -= 1) {
    const id = ids[at]!;
    if (inPlace && id > at) return false;
    const later = seen[id]!;
    seen[id] = at;
    next[at] = later;
  }
  return true;
}

/**
 * The reads of a trace alone, for questions of room: what a write does to a copy is a question of freshness.
 * @returns The trace itself when all of its requests read. Objects keep their numbers.
 */
export function onlyReads(trace: Trace): Trace {
  const { ids, ops, ticks } = trace;
  if (ops === null) return trace;
  let count = 0;
  for (const op of ops) if (op === OP.read) count += 1;
  const kept = new Int32Array(count);
  const times = ticks === null ? null : new Uint32Array(count);
  let to = 0;
  for (let at = 0; at < ids.length; at += 1) {
    if (ops[at] !== OP.read) continue;
    kept[to] = ids[at]!;
    if (times !== null) times[to] = ticks![at]!;
    to += 1;
  }
  return { ...trace, ids: kept, ticks: times, ops: null };
}
