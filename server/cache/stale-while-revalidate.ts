import { z } from 'zod';
import { MAX_TTL_MS } from './entry.ts';
import type { Part } from './part.ts';

/**
 * Past its life a page is sent as it is and refreshed behind the reader's back (RFC 5861). The window adds to the
 * ttl, in Redis too: the first reader after a long silence gets a page that is up to ttl + window old.
 */
export const staleWhileRevalidateMs: Part<number | null> = {
  about:
    'for how many ms after its life a page is still sent while it is refreshed; adds to the ttl',
  schema: z.number().int().min(1).max(MAX_TTL_MS).nullable(),
  fallback: null,
  conflicts: ({ staleWhileRevalidateMs: value, store }) =>
    value !== null && store !== 'redis'
      ? [`staleWhileRevalidateMs ${value} needs store "redis", not "${store}"`]
      : [],
  tune(slots, settings) {
    const { staleWhileRevalidateMs: windowMs } = settings;
    if (windowMs === null) return;
    slots.names.push('stale-while-revalidate');
    slots.graceMs = Math.max(slots.graceMs, windowMs);
    const inner = slots.freshness;
    slots.freshness = (entry, nowMs) => {
      const freshness = inner(entry, nowMs);
      return freshness === 'expired' && nowMs < entry.loadStartedAtMs + entry.ttlMs + windowMs
        ? 'stale'
        : freshness;
    };
  },
};
