/** Bounds of an axis. */
export type Bounds = readonly [low: number, high: number];

const STEPS = [1, 2, 5, 10] as const;

/**
 * Whole decades around the values, so that a logarithmic axis rests while its lines move.
 * @param values - Those that are not above 0 are left out.
 * @param usual - Always inside, so that an axis never shows less.
 */
export function logBounds(values: Iterable<number>, usual: Bounds): Bounds {
  let [low, high]: [number, number] = [usual[0], usual[1]];
  for (const value of values) {
    if (!(value > 0)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  // The margin undoes the error of log10 at powers of ten.
  return [10 ** Math.floor(Math.log10(low) + 1e-9), 10 ** Math.ceil(Math.log10(high) - 1e-9)];
}

/** 0 and the next 1, 2 or 5 times a power of ten above all values. */
export function linearBounds(values: Iterable<number>, usualHigh: number): Bounds {
  let high = usualHigh;
  for (const value of values) if (value > high) high = value;
  return [0, roundUp125(high)];
}

/** Ticks at 1, 2 and 5 times the powers of ten; at the powers alone where there is no room for more than `most`. */
export function logTicks([low, high]: Bounds, most: number): number[] {
  const decades = Math.round(Math.log10(high / low));
  const first = Math.round(Math.log10(low));
  const factors = decades * 3 + 1 <= most ? [1, 2, 5] : [1];
  const stride = factors.length === 1 && decades + 1 > most ? 2 : 1;
  const ticks: number[] = [];
  for (let power = first; power <= first + decades; power += stride)
    for (const factor of factors) {
      // Not 10 ** power alone: 3 * 10 ** -2 and its like have tails.
      const tick = Number((factor * 10 ** power).toPrecision(6));
      if (tick <= high * 1.000001) ticks.push(tick);
    }
  return ticks;
}

/** At most `most` ticks from 0, a step of 1, 2 or 5 times a power of ten apart. */
export function linearTicks([, high]: Bounds, most: number): number[] {
  const step = roundUp125(high / Math.max(1, most - 1));
  const ticks: number[] = [];
  for (let count = 0; count * step <= high * 1.000001; count += 1)
    ticks.push(Number((count * step).toPrecision(6)));
  return ticks;
}

function roundUp125(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
  const factor = STEPS.find((step) => step * power >= value * 0.999999) ?? 10;
  return Number((factor * power).toPrecision(6));
}
