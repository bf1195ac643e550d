/**
 * What becomes of many copies that were made in one moment: when they end, and how fast they are loaded again.
 */

/**
 * Copies that end per second inside the spread: each life is drawn uniformly from `ttl * (1 - jitter)` to `ttl * (1 + jitter)`.
 * Source: K / (2·j·ttl).
 * @param jitter - Share of the TTL, above 0; with 0 all copies end at once and there is no rate.
 */
export function expiriesPerSecond(copies: number, jitter: number, ttlSeconds: number): number {
  return copies / (2 * jitter * ttlSeconds);
}

/**
 * A copy that ended is loaded at its next request, exponentially later. Loads follow expiries that began at second 0 with
 * a constant rate: from `from` to `to` they come at this share of that rate.
 * @param requestsPerSecond - For one copy.
 */
export function loadedShare(requestsPerSecond: number, from: number, to: number): number {
  const left = (second: number): number => Math.exp(-requestsPerSecond * second);
  return 1 - (left(from) - left(to)) / (requestsPerSecond * (to - from));
}

/** Loads of one copy that nobody coalesces: its first reader, and all who come while that one loads. Source: 1 + λΔ. */
export function loadsPerExpiry(requestsPerSecond: number, loadSeconds: number): number {
  return 1 + requestsPerSecond * loadSeconds;
}

/**
 * The highest of several windows, each with a Poisson number of events: a peak lies above the mean rate by chance alone.
 * Windows that share a fixed number of events vary a little less, so the range errs on the wide side.
 * @param mean - Of one window, below 700.
 * @returns 2.5 %, 50 % and 97.5 % quantiles of the highest count.
 */
export function highestOfWindows(
  windows: number,
  mean: number,
): { low: number; median: number; high: number } {
  const quantile = (p: number): number => {
    let term = Math.exp(-mean);
    let cumulated = term;
    let count = 0;
    while (cumulated ** windows < p) {
      count += 1;
      term *= mean / count;
      cumulated += term;
    }
    return count;
  };
  return { low: quantile(0.025), median: quantile(0.5), high: quantile(0.975) };
}
