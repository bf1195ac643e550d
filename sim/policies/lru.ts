import type { Cache, CacheSetting, Policy } from './policy.ts';
import { roomOf } from './policy.ts';

/** Not in the list. */
const ABSENT = -1;

/**
 * The resident objects as a ring of links: `links[2·id]` leads to the next older object, `links[2·id + 1]` to the next newer,
 * as positions in `links`. Both lie in one cache line, and the last pair is the ring's head, which spares every test for an end.
 */
class LruCache implements Cache {
  used = 0;
  readonly #links: Int32Array;
  readonly #head: number;
  readonly #capacity: number;
  readonly #bytes: Uint32Array | null;

  constructor({ capacity, objects, bytes }: CacheSetting) {
    this.#capacity = capacity;
    this.#bytes = bytes;
    this.#head = 2 * objects;
    this.#links = new Int32Array(2 * objects + 2).fill(ABSENT);
    this.#links[this.#head] = this.#head;
    this.#links[this.#head + 1] = this.#head;
  }

  run(ids: Int32Array, from: number, to: number): number {
    const links = this.#links;
    const head = this.#head;
    const ofOneSize = this.#bytes === null;
    let hits = 0;
    for (let i = from; i < to; i += 1) {
      const at = 2 * ids[i]!;
      const older = links[at]!;
      if (older === ABSENT) {
        if (!ofOneSize || this.used < this.#capacity) {
          this.#admit(ids[i]!);
          continue;
        }
        // The same as `#admit`, where one goes for each that comes.
        const oldest = links[head + 1]!;
        const next = links[oldest + 1]!;
        links[oldest] = ABSENT;
        links[head + 1] = next;
        links[next] = head;
        const newest = links[head]!;
        links[at] = newest;
        links[at + 1] = head;
        links[newest + 1] = at;
        links[head] = at;
        continue;
      }
      hits += 1;
      const newest = links[head]!;
      if (newest === at) continue;
      const newer = links[at + 1]!;
      links[newer] = older;
      links[older + 1] = newer;
      links[at] = newest;
      links[at + 1] = head;
      links[newest + 1] = at;
      links[head] = at;
    }
    return hits;
  }

  has(id: number): boolean {
    return this.#links[2 * id] !== ABSENT;
  }

  remove(id: number): void {
    if (this.has(id)) this.#unlink(2 * id);
  }

  #admit(id: number): void {
    const room = roomOf(this.#bytes, id);
    if (room > this.#capacity) return;
    const links = this.#links;
    const head = this.#head;
    while (this.used + room > this.#capacity) this.#unlink(links[head + 1]!);
    const newest = links[head]!;
    links[2 * id] = newest;
    links[2 * id + 1] = head;
    links[newest + 1] = 2 * id;
    links[head] = 2 * id;
    this.used += room;
  }

  #unlink(at: number): void {
    const links = this.#links;
    const older = links[at]!;
    const newer = links[at + 1]!;
    links[newer] = older;
    links[older + 1] = newer;
    links[at] = ABSENT;
    this.used -= roomOf(this.#bytes, at >> 1);
  }
}

export const lru: Policy = {
  name: 'lru',
  title: 'LRU',
  source: {
    title:
      'Mattson et al., Evaluation techniques for storage hierarchies, IBM Systems Journal 1970',
    url: 'https://doi.org/10.1147/sj.92.0078',
  },
  variant:
    'exact: every hit moves its object to the front, the victim is the one unused for longest',
  create: (setting) => new LruCache(setting),
};
