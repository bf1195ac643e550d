import type { SentenceInput } from '../contract.ts';
import type { Setting } from './setting.ts';

/** Requests per second by what becomes of them, in the stationary state. */
export interface Flows {
  requests: number;
  hits: number;
  /** Hits that show an old page. */
  stale: number;
}
export function flows(input: SentenceInput, _setting: Setting): Flows {
  return { requests: input.readsPerSecond, hits: 0, stale: 0 };
}
