/** A Bloom filter's size. */
export interface BloomShape {
  bits: number;
  /** Bits set and asked per key. */
  hashes: number;
}

/**
 * The smallest filter that keeps to a rate of false positives with `capacity` keys in it.
 * Source: m = -n ln p / (ln 2)², k = m/n ln 2; 9.6 bits a key and 7 hashes at 1 %.
 */
export function bloomShape(capacity: number, wantedRate: number): BloomShape {
  const bits = Math.ceil((-capacity * Math.log(wantedRate)) / Math.LN2 ** 2);
  return { bits, hashes: Math.max(1, Math.round((bits / capacity) * Math.LN2)) };
}

/** Share of absent keys that a filter with `keys` in it lets through. Source: (1 - e^(-kn/m))^k. */
export function falsePositiveRate({ bits, hashes }: BloomShape, keys: number): number {
  return (1 - Math.exp((-hashes * keys) / bits)) ** hashes;
}

/**
 * Standard deviation of that rate from one filter to the next, because the same number of keys sets now more, now fewer
 * bits. Source: variance of the occupied cells when `hashes * keys` balls fall into `bits` cells.
 */
export function falsePositiveSpread({ bits, hashes }: BloomShape, keys: number): number {
  const load = (hashes * keys) / bits;
  const free = Math.exp(-load);
  const setBits = bits * (1 - free);
  const spreadOfBits = Math.sqrt(bits * free * (1 - (1 + load) * free));
  return falsePositiveRate({ bits, hashes }, keys) * hashes * (spreadOfBits / setBits);
}
