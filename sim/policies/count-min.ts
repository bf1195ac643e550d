import { randomStream } from '../random.ts';

const ROWS = 4;
/** Of a counter of 4 bits. */
const MOST = 15;

/**
 * About how often each object was requested lately: a count-min sketch of four rows of 4-bit counters, eight to a word, with
 * the minimal increment (only the lowest of an object's four counters go up), and halved as it ages.
 * Source: Einziger, Friedman, Manes, TinyLFU, ACM TOS 2017, https://doi.org/10.1145/3149371, section 3.
 */
export class CountMin {
  readonly #words: Int32Array;
  readonly #rowWords: number;
  readonly #shift: number;
  readonly #salt: number;
  readonly #multipliers: Int32Array;
  readonly #counters = new Int32Array(ROWS);
  readonly #sample: number;
  #added = 0;

  /**
   * @param held - Objects that the cache holds: a row has at least four counters for each, and all are halved whenever the
   * sample reaches ten requests for each; the sample is halved with them.
   */
  constructor(held: number, seed: number) {
    const rowBits = Math.min(28, Math.max(4, Math.ceil(Math.log2(4 * held))));
    this.#shift = 32 - rowBits;
    this.#rowWords = 2 ** (rowBits - 3);
    this.#words = new Int32Array(ROWS * this.#rowWords);
    const random = randomStream(seed, 'count-min');
    this.#salt = (random() * 2 ** 32) | 0;
    this.#multipliers = Int32Array.from({ length: ROWS }, () => (random() * 2 ** 32) | 1);
    this.#sample = 10 * held;
  }

  /** Counts one request. */
  add(id: number): void {
    const least = this.estimate(id);
    if (least < MOST) {
      const words = this.#words;
      for (let row = 0; row < ROWS; row += 1) {
        const counter = this.#counters[row]!;
        const shift = (counter & 7) << 2;
        if (((words[counter >> 3]! >>> shift) & MOST) === least) words[counter >> 3]! += 1 << shift;
      }
    }
    this.#added += 1;
    if (this.#added >= this.#sample) this.#age();
  }

  /** @returns 0 to 15. */
  estimate(id: number): number {
    const words = this.#words;
    const counters = this.#counters;
    const multipliers = this.#multipliers;
    // Objects are numbered in a row: mixed first, so that neighbours in a row are not neighbours in all four.
    let mixed = Math.imul(id ^ this.#salt, 0x9e37_79b1);
    mixed ^= mixed >>> 15;
    let least = MOST;
    for (let row = 0; row < ROWS; row += 1) {
      const column = Math.imul(mixed, multipliers[row]!) >>> this.#shift;
      const counter = 8 * row * this.#rowWords + column;
      counters[row] = counter;
      const count = (words[counter >> 3]! >>> ((counter & 7) << 2)) & MOST;
      if (count < least) least = count;
    }
    return least;
  }

  #age(): void {
    const words = this.#words;
    for (let at = 0; at < words.length; at += 1) words[at] = (words[at]! >>> 1) & 0x7777_7777;
    this.#added = this.#added >> 1;
  }
}
