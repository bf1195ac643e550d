/**
 * Durations counted by upper bound: what a Prometheus histogram is made of. Such counts, unlike quantiles, may be
 * summed over processes and subtracted over time. Counting is a few comparisons.
 */
export class SecondsHistogram {
  /** Ascending, in seconds. Above the last one lies one bucket more. */
  readonly bounds: readonly number[];
  /** Durations up to each bound and above the one before; the last of these lie above all bounds. */
  readonly counts: number[];
  count = 0;
  sumSeconds = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  record(seconds: number): void {
    let bucket = 0;
    while (bucket < this.bounds.length && seconds > this.bounds[bucket]!) bucket += 1;
    this.counts[bucket]! += 1;
    this.count += 1;
    this.sumSeconds += seconds;
  }
}
