import { z } from 'zod';
import { MAX_TTL_MS } from './entry.ts';
import type { Part } from './part.ts';

/**
 * Spreads the ends of copies that were written together: each lives for ttl x U(1 - j, 1 + j), so K keys end at
 * K / (2 j ttl) per second instead of all at once. Does nothing for one hot key.
 */
export const jitter: Part<number> = {
  about: 'share of the ttl by which lives differ at random, up and down: 0.1 is ±10 %',
  schema: z.number().min(0).max(1),
  fallback: 0,
  conflicts({ jitter: value, store, ttlMs }) {
    if (value === 0) return [];
    if (store !== 'redis') return [`jitter ${value} needs store "redis", not "${store}"`];
    if ((ttlMs ?? 0) * (1 + value) > MAX_TTL_MS)
      return [`ttlMs ${ttlMs} with jitter ${value} may be longer than the ${MAX_TTL_MS} allowed`];
    return [];
  },
  tune(slots, settings, { random }) {
    const share = settings.jitter;
    if (share === 0) return;
    slots.names.push('jitter');
    slots.lifetimeMs = (ttlMs) => Math.round(ttlMs * (1 + share * (2 * random() - 1)));
  },
};
