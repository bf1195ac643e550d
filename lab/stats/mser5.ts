/** What `steadiness` found in a series. */
export interface Steadiness {
  /** Points to leave out at the start, by MSER-5. */
  cut: number;
  /** Mean of the points cut off over the mean of the others; 1 when nothing is cut. */
  shift: number;
  /** The steady part is at least 60 % of the series, or what is cut off is within 10 % of the rest. */
  steady: boolean;
}

const STEADY_SHARE = 0.6;
const SHIFT_TOLERANCE = 0.1;

/**
 * Where the warm-up ends: the cut that makes the standard error of the rest smallest.
 *
 * Source: White, "An effective truncation heuristic for bias reduction in simulation output", Simulation 69 (1997);
 * the 5 is the batch length, which White, Cobb and Spratt (2000) found best. Batches of 5 need a long series, so
 * one with fewer than 50 points is taken point by point. The cut is looked for in the first half only: towards the
 * end, a few points that happen to agree would always win.
 * @param series - One value per equal stretch of time, for example the p50 of each second.
 * @returns Points of `series` to cut.
 */
export function mser5Cut(series: readonly number[]): number {
  const batch = series.length >= 50 ? 5 : 1;
  const means: number[] = [];
  for (let from = 0; from + batch <= series.length; from += batch) {
    means.push(mean(series.slice(from, from + batch)));
  }
  let best = { cut: 0, score: Number.POSITIVE_INFINITY };
  for (let cut = 0; cut <= Math.floor(means.length / 2); cut += 1) {
    const rest = means.slice(cut);
    const centre = mean(rest);
    const score =
      rest.reduce((sum, value) => sum + (value - centre) ** 2, 0) / Math.max(1, rest.length) ** 2;
    if (score < best.score) best = { cut, score };
  }
  return best.cut * batch;
}

/**
 * Whether a measured phase was steady. A cut that changes little is no warm-up but noise, however long it is.
 * @param series - Positive values, one per second. With fewer than 5 nothing can be said: steady.
 */
export function steadiness(series: readonly number[]): Steadiness {
  if (series.length < 5) return { cut: 0, shift: 1, steady: true };
  const cut = mser5Cut(series);
  const rest = mean(series.slice(cut));
  const shift = cut === 0 || rest === 0 ? 1 : mean(series.slice(0, cut)) / rest;
  const long = series.length - cut >= STEADY_SHARE * series.length;
  return { cut, shift, steady: long || Math.abs(shift - 1) <= SHIFT_TOLERANCE };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
