import type { Cache, CacheSetting, Policy } from './policy.ts';
import { roomOf } from './policy.ts';

/** In no bucket. */
const ABSENT = -1;
/** Below the lowest bucket and above the highest: the ring of buckets begins and ends here. No object is in it. */
const EDGE = 0;

/**
 * One bucket for each number of uses that a resident object has, linked in ascending order; in each, its objects as a ring of
 * links as in `lru.ts`: `links[2·node]` leads to the next older, `links[2·node + 1]` to the next newer, where nodes from
 * `objects` on are the buckets' heads. A hit moves an object one bucket up at most, so that no search is ever needed.
 */
class LfuCache implements Cache {
  used = 0;
  readonly #links: Int32Array;
  readonly #bucketOf: Int32Array;
  readonly #uses: Int32Array;
  /** For each bucket, that of the next larger number of uses; for a spare one, the next spare one. */
  readonly #above: Int32Array;
  readonly #below: Int32Array;
  #spare = EDGE + 1;
  readonly #objects: number;
  readonly #capacity: number;
  readonly #bytes: Uint32Array | null;

  constructor({ capacity, objects, bytes }: CacheSetting) {
    this.#capacity = capacity;
    this.#objects = objects;
    this.#bytes = bytes;
    // The edge, and at worst one for each resident object.
    const buckets = Math.min(capacity, objects) + 1;
    this.#links = new Int32Array(2 * (objects + buckets));
    this.#bucketOf = new Int32Array(objects).fill(ABSENT);
    this.#uses = new Int32Array(buckets);
    this.#above = new Int32Array(buckets);
    for (let spare = EDGE + 1; spare < buckets; spare += 1) this.#above[spare] = spare + 1;
    this.#below = new Int32Array(buckets);
  }

  run(ids: Int32Array, from: number, to: number): number {
    const links = this.#links;
    const bucketOf = this.#bucketOf;
    const uses = this.#uses;
    const above = this.#above;
    const objects = this.#objects;
    let hits = 0;
    for (let i = from; i < to; i += 1) {
      const id = ids[i]!;
      const bucket = bucketOf[id]!;
      if (bucket === ABSENT) {
        this.#admit(id);
        continue;
      }
      hits += 1;
      const wanted = uses[bucket]! + 1;
      const head = 2 * (objects + bucket);
      const alone = links[head] === links[head + 1];
      let target = above[bucket]!;
      if (uses[target] !== wanted) {
        if (alone) {
          // Its bucket goes up with it.
          uses[bucket] = wanted;
          continue;
        }
        target = this.#bucketAbove(bucket, wanted);
      }
      const at = 2 * id;
      const older = links[at]!;
      const newer = links[at + 1]!;
      links[newer] = older;
      links[older + 1] = newer;
      const targetHead = 2 * (objects + target);
      const newest = links[targetHead]!;
      links[at] = newest;
      links[at + 1] = targetHead;
      links[newest + 1] = at;
      links[targetHead] = at;
      bucketOf[id] = target;
      if (alone) this.#release(bucket);
    }
    return hits;
  }

  has(id: number): boolean {
    return this.#bucketOf[id] !== ABSENT;
  }

  remove(id: number): void {
    const bucket = this.#bucketOf[id]!;
    if (bucket === ABSENT) return;
    const links = this.#links;
    const older = links[2 * id]!;
    const newer = links[2 * id + 1]!;
    links[newer] = older;
    links[older + 1] = newer;
    if (older === newer) this.#release(bucket);
    this.#bucketOf[id] = ABSENT;
    this.used -= roomOf(this.#bytes, id);
  }

  #admit(id: number): void {
    const room = roomOf(this.#bytes, id);
    if (room > this.#capacity) return;
    const links = this.#links;
    while (this.used + room > this.#capacity) {
      const fewestUses = 2 * (this.#objects + this.#above[EDGE]!);
      this.remove(links[fewestUses + 1]! >> 1);
    }
    const lowest = this.#above[EDGE]!;
    const bucket = this.#uses[lowest] === 1 ? lowest : this.#bucketAbove(EDGE, 1);
    const head = 2 * (this.#objects + bucket);
    const newest = links[head]!;
    links[2 * id] = newest;
    links[2 * id + 1] = head;
    links[newest + 1] = 2 * id;
    links[head] = 2 * id;
    this.#bucketOf[id] = bucket;
    this.used += room;
  }

  /** Puts an empty bucket between `bucket` and the one above it. */
  #bucketAbove(bucket: number, uses: number): number {
    const fresh = this.#spare;
    const next = this.#above[bucket]!;
    this.#spare = this.#above[fresh]!;
    this.#uses[fresh] = uses;
    this.#above[bucket] = fresh;
    this.#above[fresh] = next;
    this.#below[fresh] = bucket;
    this.#below[next] = fresh;
    const head = 2 * (this.#objects + fresh);
    this.#links[head] = head;
    this.#links[head + 1] = head;
    return fresh;
  }

  /** Takes an empty bucket out. */
  #release(bucket: number): void {
    const above = this.#above[bucket]!;
    const below = this.#below[bucket]!;
    this.#above[below] = above;
    this.#below[above] = below;
    this.#above[bucket] = this.#spare;
    this.#spare = bucket;
  }
}

export const lfu: Policy = {
  name: 'lfu',
  title: 'LFU',
  source: {
    title: 'Shah, Mitra, Matani, An O(1) algorithm for implementing the LFU cache eviction scheme',
    url: 'https://arxiv.org/abs/2110.11602',
  },
  variant:
    'in-cache, without ageing: uses count from admission and are forgotten at eviction; of equal counts, the object that has had its count for longest goes first',
  create: (setting) => new LfuCache(setting),
};
