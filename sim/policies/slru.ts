import type { Cache, CacheSetting, Policy } from './policy.ts';
import { roomOf } from './policy.ts';
import { NO_OBJECT, Segments } from './segments.ts';

/** Requested once since they came, or since they fell out of the protected segment. */
export const PROBATION = 1;
/** Requested again while on probation. */
export const PROTECTED = 2;

/**
 * A hit on probation: the object goes to the protected segment, whose oldest go back on probation, as its newest, until the
 * segment keeps to its limit. An object larger than the limit would drive out all others and then itself: it stays on probation.
 * @param limit - Room of the protected segment, in objects or bytes.
 */
export function promote(segments: Segments, id: number, room: number, limit: number): void {
  if (room > limit) {
    segments.renew(id);
    return;
  }
  segments.put(PROTECTED, id);
  while (segments.used[PROTECTED]! > limit) segments.put(PROBATION, segments.oldest(PROTECTED));
}

/** The object that SLRU gives up next: the oldest on probation, and of the protected only when no other is left. */
export function oldestOnProbation(segments: Segments): number {
  const oldest = segments.oldest(PROBATION);
  return oldest === NO_OBJECT ? segments.oldest(PROTECTED) : oldest;
}

class SlruCache implements Cache {
  readonly #segments: Segments;
  readonly #capacity: number;
  readonly #limit: number;
  readonly #bytes: Uint32Array | null;

  constructor({ capacity, objects, bytes }: CacheSetting) {
    this.#capacity = capacity;
    this.#limit = Math.floor((4 * capacity) / 5);
    this.#bytes = bytes;
    this.#segments = new Segments(objects, bytes, 2);
  }

  run(ids: Int32Array, from: number, to: number): number {
    const segments = this.#segments;
    const of = segments.of;
    const limit = this.#limit;
    const bytes = this.#bytes;
    let hits = 0;
    for (let i = from; i < to; i += 1) {
      const id = ids[i]!;
      const segment = of[id]!;
      if (segment === PROTECTED) segments.renew(id);
      else if (segment === PROBATION) promote(segments, id, roomOf(bytes, id), limit);
      else {
        this.#admit(id);
        continue;
      }
      hits += 1;
    }
    return hits;
  }

  has(id: number): boolean {
    return this.#segments.of[id] !== 0;
  }

  remove(id: number): void {
    if (this.has(id)) this.#segments.take(id);
  }

  get used(): number {
    return this.#segments.used[PROBATION]! + this.#segments.used[PROTECTED]!;
  }

  #admit(id: number): void {
    const room = roomOf(this.#bytes, id);
    if (room > this.#capacity) return;
    const segments = this.#segments;
    while (this.used + room > this.#capacity) segments.take(oldestOnProbation(segments));
    segments.put(PROBATION, id);
  }
}

export const slru: Policy = {
  name: 'slru',
  title: 'SLRU',
  source: {
    title:
      'Karedla, Love, Wherry, Caching strategies to improve disk system performance, Computer 1994',
    url: 'https://doi.org/10.1109/2.268884',
  },
  variant:
    'two segments, each in order of use; the protected one holds at most 80 % of the capacity, rounded down; its oldest ' +
    'return on probation as the newest there; probation may take all room that is not used; an object larger than the ' +
    'protected segment stays on probation',
  create: (setting) => new SlruCache(setting),
};
