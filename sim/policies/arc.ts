import type { Cache, CacheSetting, Policy } from './policy.ts';
import { roomOf } from './policy.ts';
import { Segments } from './segments.ts';

/** Resident, requested once recently. */
const T1 = 1;
/** Resident, requested at least twice recently. */
const T2 = 2;
/** Ghosts of T1. */
const B1 = 3;
/** Ghosts of T2. */
const B2 = 4;

class ArcCache implements Cache {
  readonly #segments: Segments;
  readonly #capacity: number;
  readonly #bytes: Uint32Array | null;
  /** The room that T1 should have: the paper's p. */
  #target = 0;

  constructor({ capacity, objects, bytes }: CacheSetting) {
    this.#capacity = capacity;
    this.#bytes = bytes;
    this.#segments = new Segments(objects, bytes, 4);
  }

  run(ids: Int32Array, from: number, to: number): number {
    const segments = this.#segments;
    const of = segments.of;
    let hits = 0;
    for (let i = from; i < to; i += 1) {
      const id = ids[i]!;
      const segment = of[id]!;
      if (segment === T2) segments.renew(id);
      else if (segment === T1) segments.put(T2, id);
      else {
        this.#miss(id, segment);
        continue;
      }
      hits += 1;
    }
    return hits;
  }

  has(id: number): boolean {
    const segment = this.#segments.of[id]!;
    return segment === T1 || segment === T2;
  }

  remove(id: number): void {
    if (this.has(id)) this.#segments.take(id);
  }

  get used(): number {
    return this.#segments.used[T1]! + this.#segments.used[T2]!;
  }

  /** The paper's cases II (a ghost of T1), III (a ghost of T2) and IV (neither). */
  #miss(id: number, segment: number): void {
    const room = roomOf(this.#bytes, id);
    if (room > this.#capacity) return;
    const { used } = this.#segments;
    if (segment === B1) {
      const step = room * Math.max(1, used[B2]! / used[B1]!);
      this.#target = Math.min(this.#target + step, this.#capacity);
    } else if (segment === B2) {
      const step = room * Math.max(1, used[B1]! / used[B2]!);
      this.#target = Math.max(this.#target - step, 0);
    } else this.#forget(room);
    this.#replace(room, segment === B2);
    this.#segments.put(segment === B1 || segment === B2 ? T2 : T1, id);
  }

  /** Keeps T1 and B1 within the capacity and all four within twice that, with a newcomer of this room in T1. */
  #forget(room: number): void {
    const segments = this.#segments;
    const { used } = segments;
    const capacity = this.#capacity;
    while (used[T1]! + used[B1]! + room > capacity)
      segments.take(segments.oldest(used[B1] === 0 ? T1 : B1));
    while (used[B2] !== 0 && this.used + used[B1]! + used[B2]! + room > 2 * capacity)
      segments.take(segments.oldest(B2));
  }

  /** The paper's REPLACE, until the room is free. */
  #replace(room: number, fromB2: boolean): void {
    const segments = this.#segments;
    const { used } = segments;
    while (this.used + room > this.#capacity) {
      const recent = used[T1]!;
      const tooManyRecent = recent > this.#target || (fromB2 && recent === this.#target);
      // T1 and the object always fit without T2, save for a ghost of T2, which lowered the target below T1: so where T1 is
      // spared, T2 is not empty.
      if (recent > 0 && tooManyRecent) segments.put(B1, segments.oldest(T1));
      else segments.put(B2, segments.oldest(T2));
    }
  }
}

export const arc: Policy = {
  name: 'arc',
  title: 'ARC',
  source: {
    title: 'Megiddo, Modha, ARC: a self-tuning, low overhead replacement cache, FAST 2003',
    url: 'https://www.usenix.org/conference/fast-03/arc-self-tuning-low-overhead-replacement-cache',
  },
  variant:
    "the paper's pseudo-code, with the target p as a real number and steps of max(1, ratio of the ghost lists) that are not " +
    'rounded; in bytes all lists and p are bytes, a step is multiplied by the size of the object, ghosts count as much as their ' +
    'objects did, and REPLACE repeats until the object fits',
  create: (setting) => new ArcCache(setting),
};
