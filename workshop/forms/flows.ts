import type { SentenceInput } from '../contract.ts';
import type { Setting } from './setting.ts';

/** Requests per second by what becomes of them, in the stationary state. */
export interface Flows {
  requests: number;
  hits: number;
  /** Hits that show an old page. */
  stale: number;
}

/**
 * Flows of one page from the means of one cycle: a miss, its load Δ, hits for as long as the copy can be read, a pause of
 * 1/λ until the next reader. Source: `keyFlows` of lab/theory/hit-ratio.ts, with its proofs and limits.
 *
 * - Shared loads: the copy can be read for T - Δ. Where processes load side by side that is an approximation, at most Δ short.
 * - Loads that nobody shares: the last of them stays, so the copy can be read for T - (1 - e^(-λΔ)) / λ. Holds for T >= 2Δ.
 * - A DEL ends the copy: its life becomes that of min(life, Exp(u)), with u the edits per second.
 * - Stale: without DEL a copy of age a is old with probability 1 - e^(-ua); with DEL only what a load left behind that an
 *   edit fell into, a share 1 - e^(-uΔ) of the copies, for `raceSeconds` at most.
 * The jitter is left out: lives that differ have the same mean.
 */
export function flows(input: SentenceInput, setting: Setting): Flows {
  const { readsPerSecond: rate, ttlSeconds } = input;
  const loadSeconds = input.loadMs / 1000;
  const editsPerSecond = input.editsPerMinute / 60;
  if (rate === 0 || !setting.cached) return { requests: rate, hits: 0, stale: 0 };
  const prolonged =
    setting.shared === 'none' ? loadSeconds + Math.expm1(-rate * loadSeconds) / rate : 0;
  const readable = Math.max(0, ttlSeconds - loadSeconds) + prolonged;
  const life = setting.invalidated ? meanLife(readable, editsPerSecond) : readable;
  const overlapped = -Math.expm1(-editsPerSecond * loadSeconds);
  const staleSeconds = setting.invalidated
    ? overlapped * meanLife(Math.min(readable, setting.raceSeconds), editsPerSecond)
    : staleTime({ ttlSeconds, loadSeconds, editsPerSecond, prolonged });
  const cyclesPerSecond = 1 / (loadSeconds + life + 1 / rate);
  return {
    requests: rate,
    hits: rate * life * cyclesPerSecond,
    stale: rate * staleSeconds * cyclesPerSecond,
  };
}

/** Mean of min(life, Exp(rate)). */
function meanLife(lifeSeconds: number, endsPerSecond: number): number {
  return endsPerSecond === 0
    ? lifeSeconds
    : -Math.expm1(-endsPerSecond * lifeSeconds) / endsPerSecond;
}

/** Seconds of a cycle in which the copy that is read is older than the last edit. */
function staleTime(cycle: {
  ttlSeconds: number;
  loadSeconds: number;
  editsPerSecond: number;
  prolonged: number;
}): number {
  const { ttlSeconds, loadSeconds, editsPerSecond, prolonged } = cycle;
  if (editsPerSecond === 0 || ttlSeconds <= loadSeconds) return 0;
  // While later copies keep coming, each is read at an age of about Δ.
  const young = prolonged * -Math.expm1(-editsPerSecond * loadSeconds);
  const fresh = (age: number): number => meanLife(age, editsPerSecond);
  return ttlSeconds - loadSeconds - (fresh(ttlSeconds) - fresh(loadSeconds)) + young;
}
