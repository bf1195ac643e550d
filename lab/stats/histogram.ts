import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import type { Histogram } from 'hdr-histogram-js';

export type { Histogram };

/** An empty histogram as stored everywhere here: microseconds, 3 significant digits, growing as needed. */
export function newHistogram(): Histogram {
  return build({
    bitBucketSize: 32,
    autoResize: true,
    lowestDiscernibleValue: 1,
    highestTrackableValue: 2,
    numberOfSignificantValueDigits: 3,
    useWebAssembly: false,
  });
}

/** Records one duration. @param ms - Milliseconds; below zero (a clock's jitter) counts as zero. */
export function recordMs(histogram: Histogram, ms: number): void {
  histogram.recordValue(Math.max(0, Math.round(ms * 1000)));
}

/** HdrHistogram V2, compressed, base64. */
export function encodeHistogram(histogram: Histogram): string {
  return encodeIntoCompressedBase64(histogram);
}

/**
 * Sum of stored histograms: the only valid way to merge percentiles over seconds, processes or trials.
 * @param encoded - Base64 as `encodeHistogram` makes it; an empty list gives an empty histogram.
 */
export function mergeHistograms(encoded: Iterable<string>): Histogram {
  const sum = newHistogram();
  for (const one of encoded) sum.add(decodeFromCompressedBase64(one, 32, false));
  return sum;
}
