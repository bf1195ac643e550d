import type { Cache, CacheSetting, Policy } from './policy.ts';
import { roomOf } from './policy.ts';

/** Not in the heap. */
const ABSENT = -1;

/**
 * The resident objects in a binary heap, lowest priority first, of equals the one requested longest ago. A priority is computed
 * when its object is requested, with the clock of that moment; the clock is the priority of the last victim, so that what was
 * popular once is overtaken by what comes later.
 */
class GdsfCache implements Cache {
  used = 0;
  readonly #capacity: number;
  readonly #bytes: Uint32Array | null;
  readonly #heap: Int32Array;
  /** Where in the heap each object is. */
  readonly #place: Int32Array;
  readonly #priority: Float64Array;
  readonly #lastRequest: Float64Array;
  readonly #frequency: Uint32Array;
  #size = 0;
  #clock = 0;
  #requests = 0;

  constructor({ capacity, objects, bytes }: CacheSetting) {
    this.#capacity = capacity;
    this.#bytes = bytes;
    this.#heap = new Int32Array(Math.min(capacity, objects));
    this.#place = new Int32Array(objects).fill(ABSENT);
    this.#priority = new Float64Array(objects);
    this.#lastRequest = new Float64Array(objects);
    this.#frequency = new Uint32Array(objects);
  }

  run(ids: Int32Array, from: number, to: number): number {
    const place = this.#place;
    const frequency = this.#frequency;
    let hits = 0;
    for (let i = from; i < to; i += 1) {
      const id = ids[i]!;
      const at = place[id]!;
      if (at === ABSENT) {
        this.#admit(id);
        continue;
      }
      hits += 1;
      frequency[id]! += 1;
      this.#value(id);
      // The clock never falls and the frequency rose: the priority did not fall.
      this.#sink(id, at);
    }
    return hits;
  }

  has(id: number): boolean {
    return this.#place[id] !== ABSENT;
  }

  remove(id: number): void {
    const at = this.#place[id]!;
    if (at === ABSENT) return;
    this.#place[id] = ABSENT;
    this.used -= roomOf(this.#bytes, id);
    this.#size -= 1;
    const last = this.#heap[this.#size]!;
    if (last === id) return;
    this.#rise(last, at);
    this.#sink(last, this.#place[last]!);
  }

  #admit(id: number): void {
    const room = roomOf(this.#bytes, id);
    if (room > this.#capacity) return;
    while (this.used + room > this.#capacity) {
      const victim = this.#heap[0]!;
      this.#clock = this.#priority[victim]!;
      this.remove(victim);
    }
    this.used += room;
    this.#frequency[id] = 1;
    this.#value(id);
    this.#size += 1;
    this.#rise(id, this.#size - 1);
  }

  #value(id: number): void {
    this.#priority[id] = this.#clock + this.#frequency[id]! / roomOf(this.#bytes, id);
    this.#requests += 1;
    this.#lastRequest[id] = this.#requests;
  }

  #before(one: number, other: number): boolean {
    const difference = this.#priority[one]! - this.#priority[other]!;
    if (difference !== 0) return difference < 0;
    return this.#lastRequest[one]! < this.#lastRequest[other]!;
  }

  /** Puts an object at this place of the heap or above it. */
  #rise(id: number, from: number): void {
    const heap = this.#heap;
    const place = this.#place;
    let at = from;
    while (at > 0) {
      const above = heap[(at - 1) >> 1]!;
      if (!this.#before(id, above)) break;
      heap[at] = above;
      place[above] = at;
      at = (at - 1) >> 1;
    }
    heap[at] = id;
    place[id] = at;
  }

  /** Puts an object at this place of the heap or below it. */
  #sink(id: number, from: number): void {
    const heap = this.#heap;
    const place = this.#place;
    const size = this.#size;
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#before(heap[child + 1]!, heap[child]!)) child += 1;
      const below = heap[child]!;
      if (!this.#before(below, id)) break;
      heap[at] = below;
      place[below] = at;
      at = child;
    }
    heap[at] = id;
    place[id] = at;
  }
}

export const gdsf: Policy = {
  name: 'gdsf',
  title: 'GDSF',
  source: {
    title:
      'Cherkasova, Improving WWW proxies performance with Greedy-Dual-Size-Frequency caching policy, HP Labs 1998',
    url: 'https://www.hpl.hp.com/techreports/98/HPL-98-69R1.html',
  },
  variant:
    'priority = clock + frequency × cost / size with cost 1, size 1 without sizes; frequency counts from the last admission; ' +
    'of equals the one requested longest ago goes; room is made first and the newcomer is valued by the new clock, so every ' +
    'object that fits is admitted, also one that ranks lowest',
  create: (setting) => new GdsfCache(setting),
};
