/** No id. */
export const NO_KEY = -1;

/** Buckets of an empty table. */
const LEAST_BUCKETS = 4;
/** Above this load a table grows even if it does not fit below maxmemory. */
const FORCED_LOAD = 1.618;
/** Below this load a table shrinks. */
const LEAST_LOAD = 0.1;
const POINTER_BYTES = 8;

/**
 * A seeded hash of an id: the finisher of splitmix32, which maps 32-bit numbers one to one.
 * @returns A whole number from 0 to 2³² − 1.
 */
export function hashOf(id: number, salt: number): number {
  let word = id ^ salt;
  word = Math.imul(word ^ (word >>> 16), 0x21f0_aaad);
  word = Math.imul(word ^ (word >>> 15), 0x735a_2d97);
  return (word ^ (word >>> 15)) >>> 0;
}

/**
 * Redis's hash table of keys: a power of two of buckets, each a chain with the newest key first. Which keys share a chain and
 * which chains lie side by side decides who is sampled together, and so who is evicted: a set of keys would not do.
 *
 * A table that grows is rehashed at once. Redis spreads that over the next commands and its timer, some thousand requests.
 */
export class Dict {
  /** Keys held. */
  used = 0;
  #heads: Int32Array;
  /** The next key of the same chain, by id. */
  readonly #nexts: Int32Array;
  readonly #salt: number;
  readonly #random: () => number;

  constructor(objects: number, salt: number, random: () => number) {
    this.#heads = new Int32Array(LEAST_BUCKETS).fill(NO_KEY);
    this.#nexts = new Int32Array(objects);
    this.#salt = salt;
    this.#random = random;
  }

  /**
   * Adds a key that is not there.
   * @param freeBytes - What is left below maxmemory: a full table of moderate load waits until the larger one would fit.
   */
  add(id: number, freeBytes: number): void {
    const buckets = this.#heads.length;
    if (
      this.used >= buckets &&
      (this.used > FORCED_LOAD * buckets || 2 * buckets * POINTER_BYTES <= freeBytes)
    )
      this.#resize(2 * buckets);
    this.#link(id);
    this.used += 1;
  }

  /** Takes out a key that is there. */
  delete(id: number): void {
    const heads = this.#heads;
    const nexts = this.#nexts;
    const bucket = hashOf(id, this.#salt) & (heads.length - 1);
    let at = heads[bucket]!;
    if (at === id) heads[bucket] = nexts[id]!;
    else {
      while (nexts[at] !== id) at = nexts[at]!;
      nexts[at] = nexts[id]!;
    }
    this.used -= 1;
    if (heads.length > LEAST_BUCKETS && this.used < LEAST_LOAD * heads.length) {
      let buckets = LEAST_BUCKETS;
      while (buckets < this.used) buckets *= 2;
      this.#resize(buckets);
    }
  }

  /**
   * Up to `into.length` keys as Redis samples them for eviction: not at random one by one, but the chains of neighbouring buckets
   * from one random place on. Of a chain that is too long for the rest of the places, a reservoir chooses. After a row of more
   * than max(4, places) empty buckets it goes on at another random place; after 10 buckets a place it is content with what it has.
   * @returns How many keys it wrote, 0 in an unlucky stretch of empty buckets.
   */
  sample(into: Int32Array): number {
    const heads = this.#heads;
    const nexts = this.#nexts;
    const random = this.#random;
    const last = heads.length - 1;
    const wanted = Math.min(into.length, this.used);
    const mostEmpty = Math.max(4, wanted);
    let found = 0;
    let empty = 0;
    let bucket = Math.floor(random() * heads.length);
    for (let steps = 10 * wanted; steps > 0 && found < wanted; steps -= 1) {
      let id = heads[bucket]!;
      if (id === NO_KEY) {
        empty += 1;
        if (empty > mostEmpty) {
          bucket = Math.floor(random() * heads.length);
          empty = 0;
        }
      } else empty = 0;
      for (; id !== NO_KEY; id = nexts[id]!) {
        const place = found < wanted ? found : Math.floor(random() * (found + 1));
        if (place < wanted) into[place] = id;
        found += 1;
      }
      bucket = (bucket + 1) & last;
    }
    return Math.min(found, wanted);
  }

  /** A key of a random non-empty bucket: one that shares its chain is drawn less often than one alone. `NO_KEY` when empty. */
  randomKey(): number {
    if (this.used === 0) return NO_KEY;
    const heads = this.#heads;
    const nexts = this.#nexts;
    let first = NO_KEY;
    while (first === NO_KEY) first = heads[Math.floor(this.#random() * heads.length)]!;
    let length = 0;
    for (let id = first; id !== NO_KEY; id = nexts[id]!) length += 1;
    let chosen = first;
    if (length > 1)
      for (let skip = Math.floor(this.#random() * length); skip > 0; skip -= 1)
        chosen = nexts[chosen]!;
    return chosen;
  }

  #link(id: number): void {
    const bucket = hashOf(id, this.#salt) & (this.#heads.length - 1);
    this.#nexts[id] = this.#heads[bucket]!;
    this.#heads[bucket] = id;
  }

  #resize(buckets: number): void {
    const old = this.#heads;
    this.#heads = new Int32Array(buckets).fill(NO_KEY);
    for (const head of old)
      for (let id = head; id !== NO_KEY; ) {
        const next = this.#nexts[id]!;
        this.#link(id);
        id = next;
      }
  }
}
