/** A place in the ring whose object was taken out of the middle. */
const HOLE = -1;

/**
 * A queue of ids, first in, first out, as a ring that doubles when it is full. An id stands in one queue at a time; where, is
 * kept in `slotOf`, so that it can leave from the middle too.
 */
export class IdQueue {
  #ring: Int32Array = new Int32Array(64);
  #first = 0;
  /** Places from the first to the last, with holes and without. */
  #span = 0;
  #live = 0;
  readonly #slotOf: Int32Array;

  /** @param slotOf - One place for each id; the queues of one cache share it. */
  constructor(slotOf: Int32Array) {
    this.#slotOf = slotOf;
  }

  push(id: number): void {
    if (this.#span === this.#ring.length) this.#makeRoom();
    const slot = (this.#first + this.#span) & (this.#ring.length - 1);
    this.#ring[slot] = id;
    this.#slotOf[id] = slot;
    this.#span += 1;
    this.#live += 1;
  }

  /** @returns The id that stands here for longest. The queue must not be empty. */
  shift(): number {
    const ring = this.#ring;
    let id = HOLE;
    while (id === HOLE) {
      id = ring[this.#first]!;
      this.#first = (this.#first + 1) & (ring.length - 1);
      this.#span -= 1;
    }
    this.#live -= 1;
    return id;
  }

  /** Takes out an id that stands in this queue. */
  remove(id: number): void {
    this.#ring[this.#slotOf[id]!] = HOLE;
    this.#live -= 1;
  }

  /** Closes the holes; doubles the ring unless that alone frees half of it, so that a push costs the same on average. */
  #makeRoom(): void {
    const old = this.#ring;
    const ring = new Int32Array(2 * this.#live > old.length ? 2 * old.length : old.length);
    let live = 0;
    for (let step = 0; step < this.#span; step += 1) {
      const id = old[(this.#first + step) & (old.length - 1)]!;
      if (id === HOLE) continue;
      ring[live] = id;
      this.#slotOf[id] = live;
      live += 1;
    }
    this.#ring = ring;
    this.#first = 0;
    this.#span = live;
  }
}
