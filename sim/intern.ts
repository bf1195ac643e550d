/** Words of one slot: the key's two halves and its id + 1, in one place so that a look-up touches one cache line. */
const SLOT = 3;
/** Empty slots are zero, so ids are kept plus one. */
const EMPTY = 0;
const TWO_32 = 2 ** 32;

/**
 * Gives 64-bit keys dense ids, in the order in which they are first seen: open addressing with linear probing at a load of at
 * most 1/2.
 *
 * The table grows by half and not to the double: 24 to 36 bytes an object at rest and 60 while it grows, the old table beside
 * the new one. A slot is the hash scaled to the table's length, so the objects keep their order in it, and growing walks
 * through both tables from end to end instead of jumping about.
 */
export class Interner {
  /** Keys seen so far: the next new one gets this id. */
  size = 0;
  #table: Int32Array;
  #slots: number;

  /** @param expected - Keys to make room for at once; more only costs time. */
  constructor(expected: number = 1 << 15) {
    this.#slots = Math.max(16, 2 * expected);
    this.#table = new Int32Array(SLOT * this.#slots);
  }

  /**
   * The ids of many keys.
   * @param words - Key number i is `words[first + i · stride]` (low half) and the word after it (high half).
   * @param ids - Takes the ids, from position `at` on.
   */
  internAll(
    words: Int32Array,
    first: number,
    stride: number,
    count: number,
    ids: Int32Array,
    at: number,
  ): void {
    let table = this.#table;
    let slots = this.#slots;
    let scale = slots / TWO_32;
    let size = this.size;
    let key = first;
    for (let i = 0; i < count; i += 1, key += stride) {
      const low = words[key]!;
      const high = words[key + 1]!;
      // The same as `slotHash`, written out: the one line that all of a trace's time goes through.
      let hash = Math.imul(low + Math.imul(high ^ (high >>> 15), 0x85eb_ca6b), 0x9e37_79b1);
      hash = Math.imul(hash ^ (hash >>> 16), 0x7feb_352d);
      let slot = SLOT * ((((hash ^ (hash >>> 15)) >>> 0) * scale) | 0);
      let id = table[slot + 2]!;
      while (id !== EMPTY && (table[slot] !== low || table[slot + 1] !== high)) {
        slot += SLOT;
        if (slot === table.length) slot = 0;
        id = table[slot + 2]!;
      }
      if (id === EMPTY) {
        size += 1;
        id = size;
        table[slot] = low;
        table[slot + 1] = high;
        table[slot + 2] = id;
        if (2 * size > slots) {
          this.#grow();
          table = this.#table;
          slots = this.#slots;
          scale = slots / TWO_32;
        }
      }
      ids[at + i] = id - 1;
    }
    this.size = size;
  }

  /** @returns The id of a key, or −1 when it was never seen. */
  find(low: number, high: number): number {
    const table = this.#table;
    let slot = SLOT * ((slotHash(low, high) * (this.#slots / TWO_32)) | 0);
    while (table[slot + 2] !== EMPTY) {
      if (table[slot] === low && table[slot + 1] === high) return table[slot + 2]! - 1;
      slot += SLOT;
      if (slot === table.length) slot = 0;
    }
    return -1;
  }

  #grow(): void {
    const old = this.#table;
    const slots = Math.ceil(1.5 * this.#slots);
    const scale = slots / TWO_32;
    const table = new Int32Array(SLOT * slots);
    for (let from = 0; from < old.length; from += SLOT) {
      if (old[from + 2] === EMPTY) continue;
      const low = old[from]!;
      const high = old[from + 1]!;
      let slot = SLOT * ((slotHash(low, high) * scale) | 0);
      while (table[slot + 2] !== EMPTY) {
        slot += SLOT;
        if (slot === table.length) slot = 0;
      }
      table[slot] = low;
      table[slot + 1] = high;
      table[slot + 2] = old[from + 2]!;
    }
    this.#table = table;
    this.#slots = slots;
  }
}

/** Where a key belongs, 0 to 2³² − 1. Keys that count up, or differ in a few bits only, spread as well as random ones. */
function slotHash(low: number, high: number): number {
  let hash = Math.imul(low + Math.imul(high ^ (high >>> 15), 0x85eb_ca6b), 0x9e37_79b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb_352d);
  return (hash ^ (hash >>> 15)) >>> 0;
}

/**
 * Whether a key belongs to a spatial sample: all requests of an object or none (Waldspurger et al., Efficient MRC construction
 * with SHARDS, FAST 2015). Independent of the interner's own hash: a sample taken by that one would fill one corner of its
 * table.
 * @returns The key's place, 0 to 2³² − 1: in the sample when it lies below rate × 2³².
 */
export function sampleHash(low: number, high: number): number {
  let hash = Math.imul((high + Math.imul(low ^ (low >>> 16), 0x2c1b_3c6d)) | 0, 0x297a_2d39);
  hash = Math.imul(hash ^ (hash >>> 12) ^ low, 0x21f0_aaad);
  hash = Math.imul(hash ^ (hash >>> 15), 0x735a_2d97);
  return (hash ^ (hash >>> 15)) >>> 0;
}
