/** A set that may say yes to what was never added, and never says no to what was. Nothing can be taken out of it. */
export interface BloomFilter {
  add(text: string): void;
  mayHave(text: string): boolean;
  /** Bits. */
  readonly m: number;
  /** Bits per entry. */
  readonly k: number;
  /** Share of the bits that are set: to the k-th power, the share of strangers that this very filter lets through. */
  setShare(): number;
}

/** Most bits: their number, like the hashes, must fit into 32 bits with room for the sum of two. */
const MAX_BITS = 2 ** 31;

/**
 * @param capacity - Entries up to which the rate holds. Beyond it the rate grows quickly: 1 % becomes 16 % at twice
 * as many, 68 % at four times.
 * @param falsePositiveRate - In (0, 1).
 * Source: Bloom 1970; double hashing: Kirsch and Mitzenmacher 2006, in the enhanced form of Dillinger and Manolios
 * 2004, without which two entries of equal hashes modulo m share all their bits.
 */
export function createBloomFilter(capacity: number, falsePositiveRate: number): BloomFilter {
  const wantedBits = Math.ceil((-capacity * Math.log(falsePositiveRate)) / Math.LN2 ** 2);
  const m = Math.min(Math.max(wantedBits, 64), MAX_BITS);
  const k = Math.max(1, Math.round((m / capacity) * Math.LN2));
  const words = new Uint32Array(Math.ceil(m / 32));

  /** Calls `visit` with the number of each bit of `text` until it returns false. */
  function everyBit(text: string, visit: (word: number, mask: number) => boolean): boolean {
    let position = murmur3(text, 0x2f0b4c47) % m;
    let step = murmur3(text, 0x61c88647) % m;
    for (let i = 0; i < k; i += 1) {
      if (!visit(Math.floor(position / 32), 1 << (position % 32))) return false;
      position = (position + step) % m;
      step = (step + i + 1) % m;
    }
    return true;
  }

  return {
    m,
    k,
    add(text) {
      everyBit(text, (word, mask) => {
        words[word] = (words[word] ?? 0) | mask;
        return true;
      });
    },
    mayHave: (text) => everyBit(text, (word, mask) => ((words[word] ?? 0) & mask) !== 0),
    setShare() {
      let set = 0;
      for (const word of words) for (let left = word; left !== 0; left &= left - 1) set += 1;
      return set / m;
    },
  };
}

/** Share of strangers that a filter of `m` bits and `k` bits per entry lets through after `n` different entries. */
export function theoreticalRate({ m, k }: Pick<BloomFilter, 'm' | 'k'>, n: number): number {
  return (1 - Math.exp((-k * n) / m)) ** k;
}

/** MurmurHash3, 32 bits, over the UTF-16 code units, two to a block. @returns An unsigned number: `%` of a negative one is negative. */
function murmur3(text: string, seed: number): number {
  let hash = seed;
  for (let i = 0; i < text.length; i += 2) {
    let block = text.charCodeAt(i) | ((i + 1 < text.length ? text.charCodeAt(i + 1) : 0) << 16);
    block = Math.imul(block, 0xcc9e2d51);
    block = (block << 15) | (block >>> 17);
    hash ^= Math.imul(block, 0x1b873593);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  hash ^= text.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
