import type { Cache, CacheSetting, Policy } from './policy.ts';
import { roomOf } from './policy.ts';

/** A byte for each object: whether it was ever requested. */
class InfiniteCache implements Cache {
  used = 0;
  readonly #resident: Uint8Array;
  readonly #bytes: Uint32Array | null;

  constructor({ objects, bytes }: CacheSetting) {
    this.#resident = new Uint8Array(objects);
    this.#bytes = bytes;
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
    this.#resident[id] = 0;
    this.used -= roomOf(this.#bytes, id);
  }

  #admit(id: number): void {
    this.#resident[id] = 1;
    this.used += roomOf(this.#bytes, id);
  }
}

/** The one policy that holds more than its capacity: what misses here, misses everywhere. */
export const infinite: Policy = {
  name: 'infinite',
  title: 'Infinite',
  source: {
    title: 'Hill, Smith, Evaluating associativity in CPU caches, IEEE Trans. Computers 1989',
    url: 'https://doi.org/10.1109/12.40842',
  },
  variant:
    'ignores the capacity and evicts nothing: only first requests miss (compulsory misses), the bound for sizes in bytes too',
  create: (setting) => new InfiniteCache(setting),
};
