import { exponential, randomStream } from '../random.ts';
import type { CompleteDescription } from './parameters.ts';

/**
 * Moments at which reads come, one after the other.
 * @returns A function that gives the next moment in ms, from the beginning of the trace; they never fall. Two of the same
 *   description give the same moments.
 */
export function arrivalsOf(description: CompleteDescription): () => number {
  const { arrivals, seed, rate = 1, burst = 1, amplitude = 0, period = 1 } = description;
  const random = randomStream(seed, 'arrivals');
  const gapMs = 1000 / rate;
  let nowMs = 0;
  let count = 0;
  switch (arrivals) {
    case 'constant':
      // By multiplication: a sum of gaps would drift.
      return () => gapMs * count++;
    case 'poisson':
      return () => (nowMs += exponential(random, gapMs));
    case 'bursts':
      return () => {
        if (count++ % burst === 0) nowMs += exponential(random, gapMs * burst);
        return nowMs;
      };
    case 'diurnal': {
      // Thinning (Lewis and Shedler 1979): a Poisson process at the highest rate, of which a moment's share stays.
      const highest = 1 + amplitude;
      const turn = (2 * Math.PI) / (1000 * period);
      return () => {
        do nowMs += exponential(random, gapMs / highest);
        while (random() * highest >= 1 + amplitude * Math.sin(turn * nowMs));
        return nowMs;
      };
    }
    default:
      return arrivals satisfies never;
  }
}

/**
 * Moments of writes to any of `objects` objects, each by a Poisson process of its own: together they are one.
 * @returns As of `arrivalsOf`.
 */
export function updatesOf(
  { seed, updates = 0 }: CompleteDescription,
  objects: number,
): () => number {
  const random = randomStream(seed, 'updates');
  const gapMs = 1000 / (updates * objects);
  let nowMs = 0;
  return () => (nowMs += exponential(random, gapMs));
}
