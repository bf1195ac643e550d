const NOWHERE = -1;
/** Keys looked at before the share of expired ones is judged (`active-expire-effort` 1). */
const SAMPLE = 20;
/** The next sample follows while more than this share of the last was expired. */
const ACCEPTABLE_SHARE = 0.1;
/** At `hz 10`, for 25 ms of CPU (25 %) at about 1 µs a key. */
const SLOW = { everyMs: 100, keys: 25_000 };
/** For 1 ms of CPU. */
const FAST = { everyMs: 2, keys: 1000 };

/**
 * Redis's expire cycle (7.0 `activeExpireCycle`, https://redis.io/docs/latest/commands/expire/): 10 times a second it looks
 * at keys in the order of the hash table, 20 at a time, and goes on while more than 10 % of them were expired. While it
 * thinks that 10 % are, or its time did not suffice, a short one runs every 2 ms between (on a server that has something to
 * do). So about 10 % of the keys may be dead weight, more for a moment.
 *
 * The order of a hash table has nothing to do with ages. Here it is a list into which each key is put at a random place.
 */
export class ActiveExpiry {
  readonly #order: Int32Array;
  readonly #place: Int32Array;
  readonly #random: () => number;
  #count = 0;
  #cursor = 0;
  #nextSlowMs = 0;
  /** Share of expired keys among those looked at, the old weighing 95 %. */
  #expiredShare = 0;

  constructor(objects: number, random: () => number) {
    this.#order = new Int32Array(objects);
    this.#place = new Int32Array(objects).fill(NOWHERE);
    this.#random = random;
  }

  add(id: number): void {
    if (this.#place[id] !== NOWHERE) return;
    const place = Math.floor(this.#random() * (this.#count + 1));
    // Whoever was there moves to the end.
    if (place < this.#count) this.#put(this.#order[place]!, this.#count);
    this.#put(id, place);
    this.#count += 1;
  }

  remove(id: number): void {
    const place = this.#place[id]!;
    if (place === NOWHERE) return;
    this.#count -= 1;
    this.#put(this.#order[this.#count]!, place);
    this.#place[id] = NOWHERE;
  }

  /**
   * @param expire - Takes the key out, with `remove`, and returns true if its time is over.
   * @returns When the next cycle is due.
   */
  cycle(nowMs: number, expire: (id: number) => boolean): number {
    const slow = nowMs >= this.#nextSlowMs;
    if (slow) this.#nextSlowMs += SLOW.everyMs;
    const exhausted = this.#look(slow ? SLOW.keys : FAST.keys, expire);
    const behind = exhausted || this.#expiredShare >= ACCEPTABLE_SHARE;
    return behind ? Math.min(this.#nextSlowMs, nowMs + FAST.everyMs) : this.#nextSlowMs;
  }

  /** @returns Whether it had to stop before it was through. */
  #look(keys: number, expire: (id: number) => boolean): boolean {
    let looked = 0;
    let expired = 0;
    let inSample = Infinity;
    while (inSample > ACCEPTABLE_SHARE * SAMPLE && looked < keys) {
      inSample = 0;
      const sampled = Math.min(SAMPLE, this.#count);
      for (let k = 0; k < sampled && this.#count > 0; k += 1) {
        if (this.#cursor >= this.#count) this.#cursor = 0;
        if (expire(this.#order[this.#cursor]!)) inSample += 1;
        else this.#cursor += 1;
      }
      expired += inSample;
      looked += sampled;
    }
    this.#expiredShare = 0.95 * this.#expiredShare + 0.05 * (looked === 0 ? 0 : expired / looked);
    return looked >= keys;
  }

  #put(id: number, place: number): void {
    this.#order[place] = id;
    this.#place[id] = place;
  }
}
