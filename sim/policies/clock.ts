import { IdQueue } from './id-queue.ts';
import type { Cache, CacheSetting, Policy } from './policy.ts';
import { roomOf } from './policy.ts';

/** States of an object. */
const ABSENT = 0;
const UNUSED = 1;
const USED = 2;

/** A byte for each object, all that a hit touches, and a queue that only misses touch. */
class ClockCache implements Cache {
  used = 0;
  readonly #state: Uint8Array;
  readonly #queue: IdQueue;
  readonly #capacity: number;
  readonly #bytes: Uint32Array | null;

  constructor({ capacity, objects, bytes }: CacheSetting) {
    this.#capacity = capacity;
    this.#bytes = bytes;
    this.#state = new Uint8Array(objects);
    this.#queue = new IdQueue(new Int32Array(objects));
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
      state[id] = USED;
      hits += 1;
    }
    return hits;
  }

  has(id: number): boolean {
    return this.#state[id] !== ABSENT;
  }

  remove(id: number): void {
    if (!this.has(id)) return;
    this.#queue.remove(id);
    this.#forget(id);
  }

  #admit(id: number): void {
    const room = roomOf(this.#bytes, id);
    if (room > this.#capacity) return;
    while (this.used + room > this.#capacity) this.#evict();
    this.#queue.push(id);
    this.#state[id] = UNUSED;
    this.used += room;
  }

  /** The hand goes on over used objects and takes their mark: in a queue, they go from the front to the back. */
  #evict(): void {
    const state = this.#state;
    const queue = this.#queue;
    let id = queue.shift();
    while (state[id] === USED) {
      state[id] = UNUSED;
      queue.push(id);
      id = queue.shift();
    }
    this.#forget(id);
  }

  #forget(id: number): void {
    this.#state[id] = ABSENT;
    this.used -= roomOf(this.#bytes, id);
  }
}

export const clock: Policy = {
  name: 'clock',
  title: 'CLOCK',
  source: {
    title: 'Corbató, A paging experiment with the Multics system, MIT Project MAC-M-384, 1968',
    url: 'https://apps.dtic.mil/sti/citations/AD0687552',
  },
  variant:
    'second chance: one reference bit, clear at admission; the hand clears set bits and evicts at the first clear one',
  create: (setting) => new ClockCache(setting),
};
