import { exponential } from '../random.ts';

/** When readers come. */
export type Arrivals =
  /** At random moments (Poisson), independent of each other: the open model. */
  | { readonly kind: 'poisson'; readonly ratePerSecond: number }
  /** At equal distances. */
  | { readonly kind: 'constant'; readonly ratePerSecond: number }
  /** All in one moment; with `withinMs` evenly over that time from it on. */
  | {
      readonly kind: 'burst';
      readonly readers: number;
      readonly atMs: number;
      readonly withinMs?: number;
    }
  /** Poisson, at one rate for `onMs` and at another for `offMs`, by turns. */
  | {
      readonly kind: 'on-off';
      readonly onPerSecond: number;
      readonly offPerSecond: number;
      readonly onMs: number;
      readonly offMs: number;
    }
  /** Poisson, whose rate swings by ± `swing` (0 to 1) of its mean, lowest at 0 and at each `periodMs`. */
  | {
      readonly kind: 'diurnal';
      readonly meanPerSecond: number;
      readonly swing: number;
      readonly periodMs: number;
    }
  /** As measured: rising times in ms. */
  | { readonly kind: 'measured'; readonly timesMs: Float64Array | readonly number[] };

/**
 * @returns The time of the next reader in ms, call by call; infinite after the last one.
 * @throws RangeError for rates and times that cannot be.
 */
export function arrivalTimes(arrivals: Arrivals, random: () => number): () => number {
  let nowMs = 0;
  switch (arrivals.kind) {
    case 'poisson': {
      const gapMs = 1000 / positive(arrivals.ratePerSecond, 'ratePerSecond');
      return () => (nowMs += exponential(random, gapMs));
    }
    case 'constant': {
      const gapMs = 1000 / positive(arrivals.ratePerSecond, 'ratePerSecond');
      let count = 0;
      return () => (count += 1) * gapMs;
    }
    case 'burst': {
      const { readers, atMs, withinMs = 0 } = arrivals;
      if (!Number.isInteger(readers) || readers < 1)
        throw new RangeError(`readers: ${readers}; allowed: a whole number from 1`);
      if (!(atMs >= 0 && withinMs >= 0))
        throw new RangeError(`a burst at ${atMs} ms within ${withinMs} ms; allowed: 0 ms or more`);
      let count = 0;
      return () => {
        if (count === readers) return Number.POSITIVE_INFINITY;
        count += 1;
        return atMs + (withinMs * (count - 1)) / readers;
      };
    }
    case 'on-off': {
      const { onPerSecond, offPerSecond } = arrivals;
      const onMs = positive(arrivals.onMs, 'onMs');
      const periodMs = onMs + positive(arrivals.offMs, 'offMs');
      const peak = positive(Math.max(onPerSecond, offPerSecond), 'onPerSecond');
      return thinned(peak, (ms) => (ms % periodMs < onMs ? onPerSecond : offPerSecond), random);
    }
    case 'diurnal': {
      const { swing } = arrivals;
      const mean = positive(arrivals.meanPerSecond, 'meanPerSecond');
      const periodMs = positive(arrivals.periodMs, 'periodMs');
      if (!(swing >= 0 && swing <= 1)) throw new RangeError(`swing: ${swing}; allowed: 0 to 1`);
      const rate = (ms: number): number =>
        mean * (1 - swing * Math.cos((2 * Math.PI * ms) / periodMs));
      return thinned(mean * (1 + swing), rate, random);
    }
    case 'measured':
    default: {
      const times = Float64Array.from(arrivals.timesMs);
      const wrong = times.findIndex((ms, at) => !(ms >= (at === 0 ? 0 : times[at - 1]!)));
      if (wrong >= 0)
        throw new RangeError(
          `timesMs[${wrong}]: ${times[wrong]}; allowed: 0 ms or more, and none before the one before it`,
        );
      let at = 0;
      return () => (at < times.length ? times[at++]! : Number.POSITIVE_INFINITY);
    }
  }
}

/** Poisson at the highest rate, of which each is kept with the share that the rate has of it (Lewis and Shedler 1979). */
function thinned(
  peakPerSecond: number,
  rate: (ms: number) => number,
  random: () => number,
): () => number {
  let nowMs = 0;
  return () => {
    do nowMs += exponential(random, 1000 / peakPerSecond);
    while (random() * peakPerSecond >= rate(nowMs));
    return nowMs;
  };
}

function positive(value: number, name: string): number {
  if (Number.isFinite(value) && value > 0) return value;
  throw new RangeError(`${name}: ${value}; allowed: above 0`);
}
