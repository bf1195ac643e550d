import type { Cache, CacheSetting, Policy } from './policy.ts';
import { roomOf } from './policy.ts';
import { Segments } from './segments.ts';

/** Requested for the first time; in order of arrival. */
const A1_IN = 1;
/** Ghosts of what left A1in; in order of leaving. */
const A1_OUT = 2;
/** Requested again while a ghost; in order of use. */
const AM = 3;

class TwoQCache implements Cache {
  readonly #segments: Segments;
  readonly #capacity: number;
  readonly #inLimit: number;
  readonly #outLimit: number;
  readonly #bytes: Uint32Array | null;

  constructor({ capacity, objects, bytes }: CacheSetting) {
    this.#capacity = capacity;
    this.#inLimit = Math.floor(capacity / 4);
    this.#outLimit = Math.floor(capacity / 2);
    this.#bytes = bytes;
    this.#segments = new Segments(objects, bytes, 3);
  }

  run(ids: Int32Array, from: number, to: number): number {
    const segments = this.#segments;
    const of = segments.of;
    let hits = 0;
    for (let i = from; i < to; i += 1) {
      const id = ids[i]!;
      const segment = of[id]!;
      if (segment === AM) {
        segments.renew(id);
        hits += 1;
      } else if (segment === A1_IN) {
        // Further requests within A1in are one burst: they say nothing of later ones.
        hits += 1;
      } else this.#admit(id, segment === A1_OUT ? AM : A1_IN);
    }
    return hits;
  }

  has(id: number): boolean {
    const segment = this.#segments.of[id]!;
    return segment === A1_IN || segment === AM;
  }

  remove(id: number): void {
    if (this.has(id)) this.#segments.take(id);
  }

  get used(): number {
    return this.#segments.used[A1_IN]! + this.#segments.used[AM]!;
  }

  /** Decided before room is made: making room may push the object's own ghost out of A1out. */
  #admit(id: number, segment: number): void {
    const room = roomOf(this.#bytes, id);
    if (room > this.#capacity) return;
    this.#reclaim(room);
    this.#segments.put(segment, id);
  }

  #reclaim(room: number): void {
    const segments = this.#segments;
    const { used } = segments;
    while (this.used + room > this.#capacity) {
      if (used[A1_IN]! > this.#inLimit || used[AM] === 0) {
        segments.put(A1_OUT, segments.oldest(A1_IN));
        while (used[A1_OUT]! > this.#outLimit) segments.take(segments.oldest(A1_OUT));
      } else segments.take(segments.oldest(AM));
    }
  }
}

export const twoQ: Policy = {
  name: '2q',
  title: '2Q',
  source: {
    title:
      'Johnson, Shasha, 2Q: a low overhead high performance buffer management replacement algorithm, VLDB 1994',
    url: 'https://www.vldb.org/conf/1994/P439.PDF',
  },
  variant:
    'full version; Kin 25 % of the capacity and Kout 50 %, both rounded down; A1in gives way only while above Kin, else Am, ' +
    'which leaves no ghosts; room is made before the ghost of the requested object leaves A1out; a ghost counts as much as its ' +
    'object did, so Kout is bytes when the cache counts bytes',
  create: (setting) => new TwoQCache(setting),
};
