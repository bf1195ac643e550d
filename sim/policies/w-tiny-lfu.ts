import { CountMin } from './count-min.ts';
import type { Cache, CacheSetting, Policy } from './policy.ts';
import { roomOf } from './policy.ts';
import { NO_OBJECT, NOWHERE, Segments } from './segments.ts';
import { oldestOnProbation, PROBATION, PROTECTED, promote } from './slru.ts';

/** Newcomers, in order of use. What falls out of it has to be requested more often than what it would replace. */
const WINDOW = 3;

class WTinyLfuCache implements Cache {
  readonly #segments: Segments;
  readonly #sketch: CountMin;
  readonly #windowRoom: number;
  readonly #mainRoom: number;
  readonly #protectedRoom: number;
  readonly #bytes: Uint32Array | null;

  constructor({ capacity, objects, bytes, seed }: CacheSetting) {
    this.#windowRoom = Math.max(1, Math.floor(capacity / 100));
    this.#mainRoom = capacity - this.#windowRoom;
    this.#protectedRoom = Math.floor((4 * this.#mainRoom) / 5);
    this.#bytes = bytes;
    this.#segments = new Segments(objects, bytes, 3);
    this.#sketch = new CountMin(objectsHeld(capacity, objects, bytes), seed);
  }

  run(ids: Int32Array, from: number, to: number): number {
    const segments = this.#segments;
    const of = segments.of;
    const sketch = this.#sketch;
    const protectedRoom = this.#protectedRoom;
    const bytes = this.#bytes;
    let hits = 0;
    for (let i = from; i < to; i += 1) {
      const id = ids[i]!;
      sketch.add(id);
      const segment = of[id]!;
      if (segment === NOWHERE) {
        this.#admit(id);
        continue;
      }
      hits += 1;
      if (segment === PROBATION) promote(segments, id, roomOf(bytes, id), protectedRoom);
      else segments.renew(id);
    }
    return hits;
  }

  has(id: number): boolean {
    return this.#segments.of[id] !== NOWHERE;
  }

  remove(id: number): void {
    if (this.has(id)) this.#segments.take(id);
  }

  get used(): number {
    return this.#segments.used[WINDOW]! + this.#mainUsed();
  }

  #mainUsed(): number {
    return this.#segments.used[PROBATION]! + this.#segments.used[PROTECTED]!;
  }

  #admit(id: number): void {
    const segments = this.#segments;
    const room = roomOf(this.#bytes, id);
    if (room > this.#windowRoom) {
      // It would drive all others out of the window and then itself.
      if (this.#wins(id, room)) this.#enter(id, room);
      return;
    }
    segments.put(WINDOW, id);
    while (segments.used[WINDOW]! > this.#windowRoom) {
      const candidate = segments.oldest(WINDOW);
      const needed = roomOf(this.#bytes, candidate);
      if (this.#wins(candidate, needed)) this.#enter(candidate, needed);
      else segments.take(candidate);
    }
  }

  /** Whether there is room in the main part, or the candidate was requested more often than all together that would leave for it. */
  #wins(candidate: number, room: number): boolean {
    if (room > this.#mainRoom) return false;
    const segments = this.#segments;
    let missing = this.#mainUsed() + room - this.#mainRoom;
    if (missing <= 0) return true;
    let left = this.#sketch.estimate(candidate);
    let victim = segments.oldest(PROBATION);
    let segment = PROBATION;
    while (missing > 0) {
      if (victim === NO_OBJECT && segment === PROBATION) {
        segment = PROTECTED;
        victim = segments.oldest(PROTECTED);
      }
      left -= this.#sketch.estimate(victim);
      if (left <= 0) return false;
      missing -= roomOf(this.#bytes, victim);
      victim = segments.newer(victim);
    }
    return true;
  }

  #enter(id: number, room: number): void {
    const segments = this.#segments;
    while (this.#mainUsed() + room > this.#mainRoom) segments.take(oldestOnProbation(segments));
    segments.put(PROBATION, id);
  }
}

/** How many objects of the average size fit: the sketch and its sample go by objects, also in a cache that counts bytes. */
function objectsHeld(capacity: number, objects: number, bytes: Uint32Array | null): number {
  let room = objects;
  if (bytes !== null) {
    room = 0;
    for (let id = 0; id < objects; id += 1) room += roomOf(bytes, id);
  }
  return Math.max(1, Math.min(objects, Math.round((capacity * objects) / room)));
}

export const wTinyLfu: Policy = {
  name: 'w-tinylfu',
  title: 'W-TinyLFU',
  source: {
    title:
      'Einziger, Friedman, Manes, TinyLFU: a highly efficient cache admission policy, ACM TOS 2017',
    url: 'https://doi.org/10.1145/3149371',
  },
  variant:
    'window 1 % (at least 1) in order of use, main SLRU with 80 % of it protected; every request is counted in a count-min sketch ' +
    'of 4 rows of 4-bit counters (at least 4 a row for each object held) with minimal increment, no doorkeeper; counters and sample ' +
    'are halved when the sample reaches 10 × the objects held; a tie keeps the old object; in bytes the objects held are the ' +
    'capacity over the mean size, a candidate must beat the sum of the counts of all that would leave for it, what is larger ' +
    'than the window contends at once, and what is larger than the main part is not admitted',
  create: (setting) => new WTinyLfuCache(setting),
};
