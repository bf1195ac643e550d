/** Values below this have a bucket of their own; above it a bucket is at most 1/64 of its value wide. */
const EXACT = 128;
const BUCKETS_PER_OCTAVE = EXACT / 2;

/** How often which whole number from 0 to 2³² − 1 came, to within 1.6 %, in 14 KB. */
export interface LogHistogram {
  add(value: number): void;
  /**
   * The smallest value that at least this share of all values does not exceed.
   * @param share - From 0 to 1.
   * @returns Exact below 128, else the middle of its bucket; null when nothing was added.
   */
  quantile(share: number): number | null;
}

/** A histogram of nothing yet. */
export function logHistogram(): LogHistogram {
  // 25 octaves above the exact ones.
  const counts = new Float64Array(EXACT + 25 * BUCKETS_PER_OCTAVE);
  let total = 0;
  return {
    add(value) {
      counts[bucketOf(value)]! += 1;
      total += 1;
    },
    quantile(share) {
      if (total === 0) return null;
      const wanted = Math.max(1, Math.ceil(share * total));
      let bucket = 0;
      for (let sum = counts[0]!; sum < wanted; sum += counts[bucket]!) bucket += 1;
      return valueOf(bucket);
    },
  };
}

function bucketOf(value: number): number {
  if (value < EXACT) return value;
  const octave = 25 - Math.clz32(value);
  return octave * BUCKETS_PER_OCTAVE + (value >>> octave);
}

function valueOf(bucket: number): number {
  if (bucket < EXACT) return bucket;
  const octave = Math.floor(bucket / BUCKETS_PER_OCTAVE) - 1;
  const lowest = (bucket - octave * BUCKETS_PER_OCTAVE) * 2 ** octave;
  return lowest + (2 ** octave - 1) / 2;
}
