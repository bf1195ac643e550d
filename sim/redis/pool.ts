import { NO_KEY } from './dict.ts';

const PLACES = 16;

/**
 * Redis's eviction pool: the best candidates of all samples so far, ascending by score, so that the next victim is at the right.
 *
 * What it does not do is part of the model. A key is not looked for before it is put in, so it may be there twice. A score is
 * never brought up to date, so a key that was read after it was sampled is evicted all the same. A key that has gone by other
 * ways stays as a ghost until its turn comes.
 */
export class EvictionPool {
  readonly #ids: Int32Array = new Int32Array(PLACES);
  readonly #scores: Float64Array = new Float64Array(PLACES);
  #count = 0;

  /** Of equal scores the newcomer goes to the left: the older candidate leaves first. */
  insert(id: number, score: number): void {
    // Moved by hand: so short a stretch costs less than the call of copyWithin.
    const ids = this.#ids;
    const scores = this.#scores;
    const count = this.#count;
    let at = 0;
    if (count < PLACES) {
      at = count;
      for (; at > 0 && scores[at - 1]! >= score; at -= 1) {
        ids[at] = ids[at - 1]!;
        scores[at] = scores[at - 1]!;
      }
      this.#count = count + 1;
    } else {
      if (scores[0]! >= score) return; // no better than the worst
      for (; at + 1 < PLACES && scores[at + 1]! < score; at += 1) {
        ids[at] = ids[at + 1]!;
        scores[at] = scores[at + 1]!;
      }
    }
    ids[at] = id;
    scores[at] = score;
  }

  /**
   * Takes out the candidate with the highest score that is still resident, and the ghosts before it.
   * @param stamps - By id, negative where not resident.
   * @returns `NO_KEY` when none was left.
   */
  take(stamps: Int32Array): number {
    while (this.#count > 0) {
      this.#count -= 1;
      const id = this.#ids[this.#count]!;
      if (stamps[id]! >= 0) return id;
    }
    return NO_KEY;
  }
}
