import { z } from 'zod';
import type { Part } from './part.ts';

/**
 * A hit after a fixed share of the ttl is answered at once and starts a load behind the reader's back, so that a page
 * that is asked for never expires. A page that nobody asks for in that last part still does. Loads per ttl: 1 / share.
 */
export const refreshAhead: Part<number | null> = {
  about: 'share of the ttl, 0.1 to 0.99, after which a hit starts one refresh',
  schema: z.number().min(0.1).max(0.99).nullable(),
  fallback: null,
  conflicts({ refreshAhead: value, xfetchBeta, store }) {
    if (value === null) return [];
    const problems: string[] = [];
    if (store !== 'redis')
      problems.push(`refreshAhead ${value} needs store "redis", not "${store}"`);
    if (xfetchBeta !== null)
      problems.push(
        `refreshAhead ${value} and xfetchBeta ${xfetchBeta} both refresh early: choose one`,
      );
    return problems;
  },
  tune(slots, settings) {
    const { refreshAhead: share } = settings;
    if (share === null) return;
    slots.names.push('refresh-ahead');
    const inner = slots.freshness;
    slots.freshness = (entry, nowMs) => {
      const freshness = inner(entry, nowMs);
      return freshness === 'fresh' && nowMs >= entry.loadStartedAtMs + share * entry.ttlMs
        ? 'early'
        : freshness;
    };
  },
};
