import { IdQueue } from './id-queue.ts';
import type { Cache, CacheSetting, Policy } from './policy.ts';
import { roomOf } from './policy.ts';

/** A byte for each object, all that a hit reads, and a queue that only misses touch. */
class FifoCache implements Cache {
  used = 0;
  readonly #resident: Uint8Array;
  readonly #queue: IdQueue;
  readonly #capacity: number;
  readonly #bytes: Uint32Array | null;

  constructor({ capacity, objects, bytes }: CacheSetting) {
    this.#capacity = capacity;
    this.#bytes = bytes;
    this.#resident = new Uint8Array(objects);
    this.#queue = new IdQueue(new Int32Array(objects));
  }

  run(ids: Int32Array, from: number, to: number): number {
    const resident = this.#resident;
    let hits = 0;
    for (let i = from; i < to; i += 1) {
      if (resident[ids[i]!] === 1) hits += 1;
      else this.#admit(ids[i]!);
    }
    return hits;
  }

  has(id: number): boolean {
    return this.#resident[id] === 1;
  }

  remove(id: number): void {
    if (!this.has(id)) return;
    this.#queue.remove(id);
    this.#forget(id);
  }

  #admit(id: number): void {
    const room = roomOf(this.#bytes, id);
    if (room > this.#capacity) return;
    while (this.used + room > this.#capacity) this.#forget(this.#queue.shift());
    this.#queue.push(id);
    this.#resident[id] = 1;
    this.used += room;
  }

  #forget(id: number): void {
    this.#resident[id] = 0;
    this.used -= roomOf(this.#bytes, id);
  }
}

export const fifo: Policy = {
  name: 'fifo',
  title: 'FIFO',
  source: {
    title:
      'Belady, A study of replacement algorithms for a virtual-storage computer, IBM Systems Journal 1966',
    url: 'https://doi.org/10.1147/sj.52.0078',
  },
  variant: 'exact: the victim is the object admitted first, whatever was requested since',
  create: (setting) => new FifoCache(setting),
};
