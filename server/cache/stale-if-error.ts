import { z } from 'zod';
import { MAX_TTL_MS } from './entry.ts';
import type { Part } from './part.ts';

/**
 * Past its life a page is sent if a new one cannot be loaded (RFC 5861). After a failed load the old page is sent
 * without another try for `retryAfterErrorMs`: a database in trouble gets at most one try per key, process and pause.
 * The window adds to the ttl; the age counts from the start of the load and goes on, so an outage cannot renew it.
 */
export const staleIfErrorMs: Part<number | null> = {
  about: 'for how many ms after its life a page is sent when loading fails; adds to the ttl',
  schema: z.number().int().min(1).max(MAX_TTL_MS).nullable(),
  fallback: null,
  conflicts: ({ staleIfErrorMs: value, store }) =>
    value !== null && store !== 'redis'
      ? [`staleIfErrorMs ${value} needs store "redis", not "${store}"`]
      : [],
  tune(slots, settings, { now, count }) {
    const { staleIfErrorMs: windowMs } = settings;
    if (windowMs === null) return;
    slots.names.push('stale-if-error');
    slots.graceMs = Math.max(slots.graceMs, windowMs);
    slots.rescue = ({ expired }) => {
      if (expired === null || now() >= expired.loadStartedAtMs + expired.ttlMs + windowMs)
        return null;
      count('stale-if-error');
      return { outcome: 'stale', entry: expired, loaded: null, stored: false };
    };
  },
};

export const retryAfterErrorMs: Part<number> = {
  about: 'after a failed load: for how many ms the old page is sent without another try',
  schema: z.number().int().min(0).max(600_000),
  fallback: 1000,
  tune(slots, settings) {
    slots.retryAfterErrorMs = settings.retryAfterErrorMs;
  },
};
