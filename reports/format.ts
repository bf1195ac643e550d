import type { Estimate } from '../lab/result.ts';

/** Shown where a number does not exist; the text beside it says why. */
export const NO_VALUE = '–';

/** A number with at most `digits` significant digits and thousands separators: `1,140`, `0.87`. */
export function number(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return value > 0 ? '∞' : NO_VALUE;
  if (value === 0) return '0';
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  const decimals = Math.min(6, Math.max(0, digits - 1 - magnitude));
  const rounded = Number(value.toFixed(decimals));
  const text = Math.abs(rounded).toLocaleString('en-US', { maximumFractionDigits: decimals });
  return rounded < 0 ? `−${text}` : text;
}

/** A time given in ms: `2.31 ms`, `873 ms`, `1.14 s`. */
export function milliseconds(value: number): string {
  return Math.abs(value) < 999.5 ? `${number(value)} ms` : `${number(value / 1000)} s`;
}

/** A CPU time given in µs: `850 µs`, `12.4 ms`. */
export function micros(value: number): string {
  return Math.abs(value) < 999.5 ? `${number(value)} µs` : milliseconds(value / 1000);
}

/** A share from 0 to 1 as per cent: `99.97 %`; never rounded up to 100 % nor down to 0 %. */
export function percent(share: number): string {
  if (share === 0 || share === 1) return `${share * 100} %`;
  const digits = share > 0.99 || share < 0.01 ? 2 : share > 0.9 ? 1 : 0;
  const text = (share * 100).toFixed(digits);
  if (Number(text) >= 100) return '> 99.99 %';
  return Number(text) === 0 ? '< 0.01 %' : `${text} %`;
}

/** A value in the unit of its measure. */
export function inUnit(value: number, unit: string): string {
  if (unit === 'ms') return milliseconds(value);
  if (unit === 'µs' || unit === 'us') return micros(value);
  if (unit === '/s') return `${number(value)}/s`;
  return unit === '' ? number(value) : `${number(value)} ${unit}`;
}

/**
 * A ratio in the form that reads easiest: `1/105`, `×2.1`, `−3 %`.
 * The form follows the point estimate, and its interval takes the same one.
 */
export function ratio(value: number, like: number = value): string {
  if (like < 1 / 1.5) return `1/${number(1 / value)}`;
  if (like > 1.5) return `×${number(value)}`;
  const change = (value - 1) * 100;
  const text = Math.abs(change).toFixed(Math.abs(change) < 10 ? 1 : 0);
  return `${change < 0 ? '−' : '+'}${text} %`;
}

/** `1/105 [1/109, 1/101]`; without an interval the text says so. */
export function ratioWithInterval(estimate: Estimate): string {
  const { value } = estimate;
  const interval = finite(estimate.interval);
  if (interval === null) return `${ratio(value)} (no interval, n = ${estimate.n})`;
  return `${ratio(value)} [${ratio(interval.low, value)}, ${ratio(interval.high, value)}]`;
}

/** `2.31 ms [2.25 ms, 2.38 ms]` in the measure's unit. */
export function estimateWithInterval(estimate: Estimate, unit: string): string {
  const value = inUnit(estimate.value, unit);
  const interval = finite(estimate.interval);
  if (interval === null) return `${value} (no interval, n = ${estimate.n})`;
  const { low, high } = interval;
  return `${value} [${inUnit(low, unit)}, ${inUnit(high, unit)}]`;
}

/** An interval that can be printed: a mean of logarithms has none where a value is 0. */
function finite(interval: Estimate['interval']): Estimate['interval'] {
  const usable =
    interval !== null && Number.isFinite(interval.low) && Number.isFinite(interval.high);
  return usable ? interval : null;
}

/** A quantile's everyday name: `p50`, `p99`, `p99.9`. */
export function quantileName(q: number): string {
  return `p${Number((q * 100).toFixed(4))}`;
}

/** `1 trial`, `12 trials`. */
export function plural(count: number, singular: string): string {
  return `${number(count, 9)} ${singular}${count === 1 ? '' : 's'}`;
}

/** The first letter in upper case, for a measure's title at the start of a sentence; a symbol stays as its formula has it (`λ offered: …`). */
export function capital(text: string): string {
  const isSymbol = /^[^aA\s][\s:]/.test(text);
  return isSymbol ? text : text.charAt(0).toUpperCase() + text.slice(1);
}

/** `a`, `a and b`, `a, b and c`. */
export function list(items: readonly string[]): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}
