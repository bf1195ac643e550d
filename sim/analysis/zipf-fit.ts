/** How a trace's popularity falls with its rank: requests in proportion to rank^−exponent, from rank 1 to `toRank`. */
export interface ZipfFit {
  readonly exponent: number;
  /** Share of the variance of the logarithms that the line explains; well below 0.95 the law does not describe the trace. */
  readonly rSquared: number;
  /** Last rank that entered the fit. */
  readonly toRank: number;
}

/** Below so many requests a rank's count is mostly chance, and sorting by it bends the line. */
const LEAST_REQUESTS = 20;
const RANKS_PER_DECADE = 20;
const LEAST_RANKS = 10;

/**
 * Fits Zipf's law by least squares of log requests on log rank. Ranks enter evenly spaced on the logarithmic scale, about 20 a
 * decade, from 1 to the last with 20 requests: all ranks alike would let the tail alone, where most ranks lie, decide.
 * @param counts - Requests of each object, the highest first.
 * @returns Null where fewer than 10 ranks enter: there is too little to fit.
 */
export function fitZipf(counts: Uint32Array): ZipfFit | null {
  const x: number[] = [];
  const y: number[] = [];
  let toRank = 0;
  for (let step = 0; ; step += 1) {
    const rank = Math.floor(10 ** (step / RANKS_PER_DECADE));
    if (rank > counts.length || counts[rank - 1]! < LEAST_REQUESTS) break;
    if (rank === toRank) continue;
    toRank = rank;
    x.push(Math.log(rank));
    y.push(Math.log(counts[rank - 1]!));
  }
  if (x.length < LEAST_RANKS) return null;
  // Objects that are all asked for alike lie on a line without slope, which explains all of no variance.
  if (y[0] === y.at(-1)) return { exponent: 0, rSquared: 1, toRank };
  const meanX = mean(x);
  const meanY = mean(y);
  let xx = 0;
  let xy = 0;
  let yy = 0;
  for (let at = 0; at < x.length; at += 1) {
    const dx = x[at]! - meanX;
    const dy = y[at]! - meanY;
    xx += dx * dx;
    xy += dx * dy;
    yy += dy * dy;
  }
  return { exponent: -xy / xx, rSquared: (xy * xy) / (xx * yy), toRank };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
