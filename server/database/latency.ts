import { setTimeout } from 'node:timers/promises';

/** Bounds of the simulated network round trip, in ms; equal bounds give a constant. */
export interface LatencyRange {
  minMs: number;
  maxMs: number;
}

/** Most that one wait makes up for the timers of others, in ms. */
const MAX_CARRY_MS = 1;

/** One draw, uniform over the range. */
export function drawLatencyMs(range: LatencyRange, random: () => number): number {
  return range.minMs + random() * (range.maxMs - range.minMs);
}

/**
 * Waits like a network between application and database: each call a draw from `range`.
 *
 * Timers count whole milliseconds and fire late by up to one more, so each wait takes back what the
 * earlier ones overshot: the mean stays that of the draws. Only up to 1 ms, though. A process that is short of CPU fires its timers much later than
 * that, and this must not hide it by making the network faster.
 * @param now - Monotonic clock in ms.
 * @param sleep - The timer.
 */
export function createLatency(
  range: LatencyRange,
  random: () => number,
  now: () => number,
  sleep: (timerMs: number) => Promise<unknown> = setTimeout,
): () => Promise<void> {
  let carryMs = 0;
  return async () => {
    const wantedMs = drawLatencyMs(range, random);
    const timerMs = Math.max(1, Math.round(wantedMs - carryMs));
    const started = now();
    await sleep(timerMs);
    const overshotMs = carryMs + (now() - started) - wantedMs;
    carryMs = Math.min(MAX_CARRY_MS, Math.max(-MAX_CARRY_MS, overshotMs));
  };
}
