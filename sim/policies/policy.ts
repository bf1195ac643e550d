/** What one cache is made for. */
export interface CacheSetting {
  /** How much it holds: objects, or bytes when `bytes` is given. At least 1. */
  readonly capacity: number;
  /** Ids are below this number. */
  readonly objects: number;
  /** Bytes of each object; `null`: each counts as one. An object larger than the whole cache is never admitted. */
  readonly bytes: Uint32Array | null;
  /** For policies that draw. */
  readonly seed: number;
  /** Milliseconds of a tick, for policies that know the time. */
  readonly tickMs: number;
}

/**
 * One cache at work. Requests come in blocks, so that the loop over them lies inside the policy and holds its arrays in
 * locals: a call per request would cost more than a hit.
 */
export interface Cache {
  /**
   * Requests `ids[from]` to `ids[to − 1]`, in this order; each object that is not there is fetched, and admitted if the policy
   * admits it.
   * @param ticks - Time of each request, at the same positions as `ids`, for policies that know the time.
   * @returns How many of them hit.
   */
  run(ids: Int32Array, from: number, to: number, ticks: Uint32Array | null): number;
  /** Whether an object is resident. Ghosts are not. */
  has(id: number): boolean;
  /** Takes an object out, as DEL or its expiry does, with all that the policy remembers of its residency; nothing when it is not there. */
  remove(id: number): void;
  /** Objects held, or bytes when the cache counts bytes. Never above the capacity. */
  readonly used: number;
}

/** An eviction policy by name. */
export interface Policy {
  /** As on the command line and on charts, e.g. `s3-fifo`. */
  readonly name: string;
  readonly title: string;
  /** Where it was first described. */
  readonly source: { readonly title: string; readonly url: string };
  /** Which of the published variants this is, with its parameters: peers of one name differ in their counts. */
  readonly variant: string;
  /** Keeps the object count and the byte count alike. */
  create(setting: CacheSetting): Cache;
}

/** A bound that knows the future: no policy that has to decide at once does better. */
export interface OfflinePolicy extends Omit<Policy, 'create'> {
  /**
   * Hits among the requests from position `from` on; those before it only fill the cache.
   * @param ids - Left as they are.
   * @param nexts - `nextUses` of the trace; computed where it is left out.
   */
  hits(ids: Int32Array, setting: CacheSetting, from: number, nexts?: Int32Array): number;
}

/**
 * Room that an object takes.
 * @returns 1 without sizes; bytes otherwise, at least 1 so that empty objects do not fill a cache for ever.
 */
export function roomOf(bytes: Uint32Array | null, id: number): number {
  return bytes === null ? 1 : Math.max(1, bytes[id]!);
}
