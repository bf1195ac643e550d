import type { Cache, CacheSetting, Policy } from './policy.ts';
import { roomOf } from './policy.ts';

/** Words of a node. */
const NODE = 4;
/** In a node: the next older and the next newer object, as positions of nodes. In a bucket's head: its newest and its oldest. */
const OLDER = 0;
const NEWER = 1;
/** In an object's node: its bucket's head, or `ABSENT`. */
const BUCKET = 2;
/** In a bucket's head: how many uses its objects have had, and the head above it; of a spare one, the next spare one. */
const USES = 2;
const ABOVE = 3;
/** In no bucket: no head stands at 0. */
const ABSENT = 0;
/** So many requests ahead an object's node is touched: it comes from memory meanwhile. Worth 10 % and more on 20 M requests. */
const LOOK_AHEAD = 8;

/**
 * One bucket for each number of uses that a resident object has, linked in ascending order; in each, its objects as a ring of
 * links as in `lru.ts`. A hit moves an object one bucket up at most, so that no search is ever needed. All that a hit reads of
 * an object, or of a bucket, lies in one cache line.
 */
class LfuCache implements Cache {
  used = 0;
  /** A node for each object, then the heads of the buckets. */
  readonly #nodes: Int32Array;
  /** By bucket: the head below it. */
  readonly #below: Int32Array;
  /** Below the lowest bucket and above the highest: the ring of buckets begins and ends here. No object is in it. */
  readonly #edge: number;
  /** Released heads, as a list; 0: none. */
  #spare = 0;
  /** Heads from here on were never used. */
  #unused: number;
  /** Nobody reads it: it keeps the touches of the look-ahead from being optimised away. */
  touched = 0;
  readonly #capacity: number;
  readonly #bytes: Uint32Array | null;

  constructor({ capacity, objects, bytes }: CacheSetting) {
    this.#capacity = capacity;
    this.#bytes = bytes;
    // The edge, and at worst one for each resident object.
    const buckets = Math.min(capacity, objects) + 1;
    this.#nodes = new Int32Array(NODE * (objects + buckets));
    this.#below = new Int32Array(buckets);
    this.#edge = NODE * objects;
    this.#nodes[this.#edge + ABOVE] = this.#edge;
    this.#below[0] = this.#edge;
    this.#unused = this.#edge + NODE;
  }

  run(ids: Int32Array, from: number, to: number): number {
    const nodes = this.#nodes;
    const last = to - 1;
    let [hits, touched] = [0, 0];
    for (let i = from; i < to; i += 1) {
      touched ^= nodes[NODE * ids[Math.min(i + LOOK_AHEAD, last)]! + BUCKET]!;
      const at = NODE * ids[i]!;
      const head = nodes[at + BUCKET]!;
      if (head === ABSENT) {
        this.#admit(ids[i]!);
        continue;
      }
      hits += 1;
      const wanted = nodes[head + USES]! + 1;
      const alone = nodes[head + OLDER] === nodes[head + NEWER];
      let target = nodes[head + ABOVE]!;
      if (nodes[target + USES] !== wanted) {
        if (alone) {
          // Its bucket goes up with it.
          nodes[head + USES] = wanted;
          continue;
        }
        target = this.#bucketAbove(head, wanted);
      }
      const older = nodes[at + OLDER]!;
      const newer = nodes[at + NEWER]!;
      nodes[newer + OLDER] = older;
      nodes[older + NEWER] = newer;
      const newest = nodes[target + OLDER]!;
      nodes[at + OLDER] = newest;
      nodes[at + NEWER] = target;
      nodes[at + BUCKET] = target;
      nodes[newest + NEWER] = at;
      nodes[target + OLDER] = at;
      if (alone) this.#release(head);
    }
    this.touched = touched;
    return hits;
  }

  has(id: number): boolean {
    return this.#nodes[NODE * id + BUCKET] !== ABSENT;
  }

  remove(id: number): void {
    const nodes = this.#nodes;
    const at = NODE * id;
    const head = nodes[at + BUCKET]!;
    if (head === ABSENT) return;
    const older = nodes[at + OLDER]!;
    const newer = nodes[at + NEWER]!;
    nodes[newer + OLDER] = older;
    nodes[older + NEWER] = newer;
    if (older === newer) this.#release(head);
    nodes[at + BUCKET] = ABSENT;
    this.used -= roomOf(this.#bytes, id);
  }

  #admit(id: number): void {
    const room = roomOf(this.#bytes, id);
    if (room > this.#capacity) return;
    const nodes = this.#nodes;
    while (this.used + room > this.#capacity) {
      const fewestUses = nodes[this.#edge + ABOVE]!;
      this.remove(nodes[fewestUses + NEWER]! / NODE);
    }
    const lowest = nodes[this.#edge + ABOVE]!;
    const head = nodes[lowest + USES] === 1 ? lowest : this.#bucketAbove(this.#edge, 1);
    const at = NODE * id;
    const newest = nodes[head + OLDER]!;
    nodes[at + OLDER] = newest;
    nodes[at + NEWER] = head;
    nodes[at + BUCKET] = head;
    nodes[newest + NEWER] = at;
    nodes[head + OLDER] = at;
    this.used += room;
  }

  /** Puts an empty bucket above one. @returns Its head. */
  #bucketAbove(head: number, uses: number): number {
    const nodes = this.#nodes;
    let fresh = this.#spare;
    if (fresh !== 0) this.#spare = nodes[fresh + ABOVE]!;
    else {
      fresh = this.#unused;
      this.#unused += NODE;
    }
    const next = nodes[head + ABOVE]!;
    nodes[fresh + OLDER] = fresh;
    nodes[fresh + NEWER] = fresh;
    nodes[fresh + USES] = uses;
    nodes[fresh + ABOVE] = next;
    nodes[head + ABOVE] = fresh;
    this.#below[this.#bucketOf(fresh)] = head;
    this.#below[this.#bucketOf(next)] = fresh;
    return fresh;
  }

  /** Takes an empty bucket out. */
  #release(head: number): void {
    const nodes = this.#nodes;
    const above = nodes[head + ABOVE]!;
    const below = this.#below[this.#bucketOf(head)]!;
    nodes[below + ABOVE] = above;
    this.#below[this.#bucketOf(above)] = below;
    nodes[head + ABOVE] = this.#spare;
    this.#spare = head;
  }

  #bucketOf(head: number): number {
    return (head - this.#edge) / NODE;
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
