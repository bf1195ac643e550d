/**
 * What theory says to the sentences of the workshop: closed forms alone, so that a number that is turned answers at once,
 * in the browser too. No clock, no chance, nothing but arithmetic; the same formulas stand in `lab/theory/`, and a test
 * holds the two together.
 */
import type { SentenceInput } from '../contract.ts';
import { avalanchePeak } from './avalanche.ts';
import { flows } from './flows.ts';
import { loadsPerExpiry } from './loads.ts';
import { PLAIN_CACHE, type Setting } from './setting.ts';

export { settingOf } from './setting.ts';
export type { Setting } from './setting.ts';

/** The answer of a closed form. */
export interface Prediction {
  value: number;
  /** `%`, `loads` or `loads/s`. */
  unit: string;
  /** Where single runs fall by chance alone, 95 % of them; null: the form gives a mean only. */
  range: [low: number, high: number] | null;
}

/** Of `avalanche-peak` where the sentence does not say. */
const USUAL_COPIES = 200;

/**
 * What to expect of the restaurant's page (of `copies` pages for `avalanche-peak`) under Poisson reads and edits.
 *
 * - `stale-readers`: share of the readers who get an old price, in %.
 * - `hit-ratio`: hits / lookups, in %. Who waits for the load of another is no hit.
 * - `loads-per-expiry`: mean loads of one page each time its copy ends.
 * - `avalanche-peak`: loads in the fullest second after `copies` copies of one age began to end; the reads are spread
 *   evenly over them.
 *
 * @param input - Any numbers from 0; nothing is refused here.
 * @param setting - What the policy in force does (`settingOf`); without it cache-aside with a TTL and no defence, in two processes.
 */
export function predict(input: SentenceInput, setting: Setting = PLAIN_CACHE): Prediction {
  switch (input.sentence) {
    case 'stale-readers': {
      const { requests, stale } = flows(input, setting);
      return { value: percentOf(stale, requests), unit: '%', range: null };
    }
    case 'hit-ratio': {
      const { requests, hits } = flows(input, setting);
      return { value: percentOf(hits, requests), unit: '%', range: null };
    }
    case 'loads-per-expiry':
      return { value: loadsPerExpiry(input, setting), unit: 'loads', range: null };
    case 'avalanche-peak': {
      const { copies = USUAL_COPIES, jitter = setting.jitter } = input;
      const { median, low, high } = avalanchePeak({ ...input, copies, jitter }, setting);
      return { value: median, unit: 'loads/s', range: [low, high] };
    }
    default:
      return input.sentence satisfies never;
  }
}

function percentOf(part: number, whole: number): number {
  return whole === 0 ? 0 : (100 * part) / whole;
}
