import type { Estimate } from '../result.ts';
import { tInterval } from './t-interval.ts';

/**
 * Geometric mean over trials with its 95 % t interval, taken on the log scale: latencies spread by factors, and one
 * slow trial should not outweigh the others.
 * @param values - One per trial. A zero or negative one has no logarithm: then null, as for an empty list.
 */
export function geometricMean(values: readonly number[]): Estimate | null {
  if (values.length === 0 || values.some((value) => value <= 0)) return null;
  const logs = values.map(Math.log);
  const interval = tInterval(logs, 0.95);
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
  return {
    value: Math.exp(mean),
    interval: interval && {
      low: Math.exp(interval.low),
      high: Math.exp(interval.high),
      level: 0.95,
    },
    n: values.length,
  };
}

/** Mean over trials with its 95 % t interval, for figures that may be zero. @returns Null for an empty list. */
export function arithmeticMean(values: readonly number[]): Estimate | null {
  if (values.length === 0) return null;
  const interval = tInterval(values, 0.95);
  return {
    value: values.reduce((sum, value) => sum + value, 0) / values.length,
    interval: interval && { low: interval.low, high: interval.high, level: 0.95 },
    n: values.length,
  };
}
