import { IdQueue } from './id-queue.ts';
import type { Cache, CacheSetting, Policy } from './policy.ts';
import { roomOf } from './policy.ts';

/** Where an object is; below `SMALL` it is not resident. The lowest two bits of residents count their uses, up to 3. */
const ABSENT = 0;
const GHOST = 1;
const SMALL = 4;
const MAIN = 8;
const USES = 3;

const SMALL_SHARE = 0.1;
const GHOST_SHARE = 0.9;
/** Uses in the small queue, beside the first request, from which an object moves on to the main queue. */
const PROMOTED_FROM_USES = 2;

/** A byte for each object, all that a hit touches, and three queues that only misses touch. */
class S3FifoCache implements Cache {
  readonly #state: Uint8Array;
  readonly #small: IdQueue;
  readonly #main: IdQueue;
  readonly #ghosts: IdQueue;
  #smallUsed = 0;
  #mainUsed = 0;
  #ghostsUsed = 0;
  readonly #smallRoom: number;
  readonly #mainRoom: number;
  readonly #ghostRoom: number;
  #evicted = false;
  readonly #capacity: number;
  readonly #bytes: Uint32Array | null;

  constructor({ capacity, objects, bytes }: CacheSetting) {
    this.#capacity = capacity;
    this.#bytes = bytes;
    this.#smallRoom = Math.max(1, Math.floor(capacity * SMALL_SHARE));
    this.#mainRoom = capacity - this.#smallRoom;
    this.#ghostRoom = Math.floor(capacity * GHOST_SHARE);
    this.#state = new Uint8Array(objects);
    const slotOf = new Int32Array(objects);
    this.#small = new IdQueue(slotOf);
    this.#main = new IdQueue(slotOf);
    this.#ghosts = new IdQueue(slotOf);
  }

  get used(): number {
    return this.#smallUsed + this.#mainUsed;
  }

  run(ids: Int32Array, from: number, to: number): number {
    const state = this.#state;
    let hits = 0;
    for (let i = from; i < to; i += 1) {
      const id = ids[i]!;
      const now = state[id]!;
      if (now < SMALL) {
        this.#admit(id);
        continue;
      }
      if ((now & USES) !== USES) state[id] = now + 1;
      hits += 1;
    }
    return hits;
  }

  has(id: number): boolean {
    return this.#state[id]! >= SMALL;
  }

  remove(id: number): void {
    if (!this.has(id)) return;
    const room = roomOf(this.#bytes, id);
    if (this.#state[id]! >= MAIN) {
      this.#main.remove(id);
      this.#mainUsed -= room;
    } else {
      this.#small.remove(id);
      this.#smallUsed -= room;
    }
    this.#state[id] = ABSENT;
  }

  #admit(id: number): void {
    const room = roomOf(this.#bytes, id);
    if (room > this.#capacity) return;
    // An object of the small queue's size would sweep it out.
    if (room >= this.#smallRoom && room > 1) return;
    const known = this.#state[id] === GHOST;
    if (known) {
      // Before the evictions, which need room among the ghosts.
      this.#ghosts.remove(id);
      this.#ghostsUsed -= room;
    }
    while (this.used + room > this.#capacity) {
      this.#evicted = true;
      if (this.#mainUsed > this.#mainRoom || this.#smallUsed === 0) this.#evictFromMain();
      else this.#evictFromSmall();
    }
    // While the cache fills up, what the small queue cannot take goes to the main queue.
    if (known || (!this.#evicted && this.#smallUsed >= this.#smallRoom)) this.#enterMain(id, room);
    else {
      this.#small.push(id);
      this.#smallUsed += room;
      this.#state[id] = SMALL;
    }
  }

  #enterMain(id: number, room: number): void {
    this.#main.push(id);
    this.#mainUsed += room;
    this.#state[id] = MAIN;
  }

  /** Moves used objects on to the main queue, until one leaves the cache or none is left. */
  #evictFromSmall(): void {
    const state = this.#state;
    while (this.#smallUsed > 0) {
      const id = this.#small.shift();
      const room = roomOf(this.#bytes, id);
      this.#smallUsed -= room;
      if ((state[id]! & USES) >= PROMOTED_FROM_USES) {
        this.#enterMain(id, room);
        continue;
      }
      state[id] = ABSENT;
      this.#remember(id, room);
      return;
    }
  }

  /** Sends used objects round again with a use less, until one leaves the cache. */
  #evictFromMain(): void {
    const state = this.#state;
    const main = this.#main;
    let id = main.shift();
    while ((state[id]! & USES) !== 0) {
      state[id]! -= 1;
      main.push(id);
      id = main.shift();
    }
    state[id] = ABSENT;
    this.#mainUsed -= roomOf(this.#bytes, id);
  }

  #remember(id: number, room: number): void {
    if (room > this.#ghostRoom) return;
    while (this.#ghostsUsed + room > this.#ghostRoom) {
      const oldest = this.#ghosts.shift();
      this.#state[oldest] = ABSENT;
      this.#ghostsUsed -= roomOf(this.#bytes, oldest);
    }
    this.#ghosts.push(id);
    this.#ghostsUsed += room;
    this.#state[id] = GHOST;
  }
}

export const s3Fifo: Policy = {
  name: 's3-fifo',
  title: 'S3-FIFO',
  source: {
    title: 'Yang et al., FIFO queues are all you need for cache eviction, SOSP 2023',
    url: 'https://doi.org/10.1145/3600006.3613147',
  },
  variant:
    'small queue 10 %, ghosts for 90 % of the capacity, promoted after 2 uses in the small queue, 2-bit counters in the main queue, ghost hits enter the main queue; ' +
    'until the first eviction, objects that the small queue cannot take enter the main queue; in bytes, an object as large as the small queue is not admitted',
  create: (setting) => new S3FifoCache(setting),
};
