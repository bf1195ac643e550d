import type { Cache, CacheSetting, Policy } from './policy.ts';
import { roomOf } from './policy.ts';

/** States of an object. */
const ABSENT = 0;
const UNVISITED = 1;
const VISITED = 2;

/**
 * A byte for each object, all that a hit touches, and a ring of links as in `lru.ts`, which only misses touch: `links[2·id]`
 * leads to the next older object, `links[2·id + 1]` to the next newer, the last pair is the ring's head.
 */
class SieveCache implements Cache {
  used = 0;
  readonly #state: Uint8Array;
  readonly #links: Int32Array;
  readonly #head: number;
  /** Where the next eviction begins; the head stands for the oldest object of that moment. */
  #hand: number;
  readonly #capacity: number;
  readonly #bytes: Uint32Array | null;

  constructor({ capacity, objects, bytes }: CacheSetting) {
    this.#capacity = capacity;
    this.#bytes = bytes;
    this.#state = new Uint8Array(objects);
    this.#head = 2 * objects;
    this.#hand = this.#head;
    this.#links = new Int32Array(2 * objects + 2);
    this.#links[this.#head] = this.#head;
    this.#links[this.#head + 1] = this.#head;
  }

  run(ids: Int32Array, from: number, to: number): number {
    const state = this.#state;
    let hits = 0;
    for (let i = from; i < to; i += 1) {
      const id = ids[i]!;
      if (state[id] === ABSENT) {
        this.#admit(id);
        continue;
      }
      state[id] = VISITED;
      hits += 1;
    }
    return hits;
  }

  has(id: number): boolean {
    return this.#state[id] !== ABSENT;
  }

  remove(id: number): void {
    if (this.has(id)) this.#unlink(2 * id);
  }

  #admit(id: number): void {
    const room = roomOf(this.#bytes, id);
    if (room > this.#capacity) return;
    while (this.used + room > this.#capacity) this.#evict();
    const links = this.#links;
    const head = this.#head;
    const newest = links[head]!;
    links[2 * id] = newest;
    links[2 * id + 1] = head;
    links[newest + 1] = 2 * id;
    links[head] = 2 * id;
    this.#state[id] = UNVISITED;
    this.used += room;
  }

  /** The hand goes from old to new and round again, and takes the marks of visited objects, which stay where they are. */
  #evict(): void {
    const links = this.#links;
    const state = this.#state;
    const head = this.#head;
    let at = this.#hand === head ? links[head + 1]! : this.#hand;
    while (state[at >> 1] === VISITED) {
      state[at >> 1] = UNVISITED;
      at = links[at + 1]!;
      if (at === head) at = links[head + 1]!;
    }
    this.#hand = at;
    this.#unlink(at);
  }

  #unlink(at: number): void {
    const links = this.#links;
    const older = links[at]!;
    const newer = links[at + 1]!;
    if (this.#hand === at) this.#hand = newer;
    links[newer] = older;
    links[older + 1] = newer;
    this.#state[at >> 1] = ABSENT;
    this.used -= roomOf(this.#bytes, at >> 1);
  }
}

export const sieve: Policy = {
  name: 'sieve',
  title: 'SIEVE',
  source: {
    title: 'Zhang et al., SIEVE is simpler than LRU, NSDI 2024',
    url: 'https://www.usenix.org/conference/nsdi24/presentation/zhang-yazhuo',
  },
  variant:
    'as published: one visited bit, clear at admission; the hand keeps its place between evictions, new objects enter at the head',
  create: (setting) => new SieveCache(setting),
};
