import { z } from 'zod';
import type { Part } from './part.ts';

/**
 * Probabilistic early expiration (Vattani, Chierichetti, Lowenstein: Optimal probabilistic cache stampede prevention,
 * VLDB 2015): each reader draws whether to refresh before the end, the likelier the nearer it is and the longer the
 * load takes. Here who draws it gets the copy at once and the load runs behind his back, so nobody waits for it; the
 * number of loads is that of the paper, where the reader waits. Nothing limits them: with λ reads a second, a load time
 * of Δ and nothing that coalesces, λβΔ >= 20, a refresh takes e^(1/β) loads.
 */
export const xfetchBeta: Part<number | null> = {
  about: 'eagerness of random early refreshes; 1 is the paper’s, more is earlier',
  schema: z.number().gt(0).max(100).nullable(),
  fallback: null,
  conflicts: ({ xfetchBeta: value, store }) =>
    value !== null && store !== 'redis'
      ? [`xfetchBeta ${value} needs store "redis", not "${store}"`]
      : [],
  tune(slots, settings, { random }) {
    const { xfetchBeta: beta } = settings;
    if (beta === null) return;
    slots.names.push('xfetch');
    const inner = slots.freshness;
    slots.freshness = (entry, nowMs) => {
      const freshness = inner(entry, nowMs);
      if (freshness !== 'fresh') return freshness;
      const leftMs = entry.loadStartedAtMs + entry.ttlMs - nowMs;
      return refreshesEarly(leftMs, entry.loadMicros / 1000, beta, random()) ? 'early' : 'fresh';
    };
  },
};

/**
 * The paper's test, now - Δ β ln(draw) >= expiry. True with probability e^(-left / (Δ β)).
 * @param draw - Uniform in [0, 1).
 */
export function refreshesEarly(
  leftMs: number,
  loadMs: number,
  beta: number,
  draw: number,
): boolean {
  return -loadMs * beta * Math.log(1 - draw) >= leftMs; // 1 - draw: the logarithm of 0 would always refresh
}
