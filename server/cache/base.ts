import { z } from 'zod';
import { cacheAside, defaultSlots } from './cache-aside.ts';
import { MAX_TTL_MS } from './entry.ts';
import type { Part } from './part.ts';
import type { PolicySettings } from './registry.ts';
import { staticBytes } from './static-bytes.ts';
import type { Services, Strategy } from './strategy.ts';
import { uncached } from './uncached.ts';

/** Where the pipeline begins: how a page is loaded, where copies are kept and for how long. */

export const query: Part<'naive' | 'joined'> = {
  about: 'how a page is built: 114 statements, or one',
  schema: z.enum(['naive', 'joined']),
  fallback: 'naive',
};

export const store: Part<'none' | 'redis' | 'memory'> = {
  about: 'where copies are kept; "memory" is the bound: this process, for ever, blind to writes',
  schema: z.enum(['none', 'redis', 'memory']),
  fallback: 'none',
};

export const ttlMs: Part<number | null> = {
  about: 'life of a copy in ms, counted from the start of its load',
  schema: z.number().int().min(10).max(MAX_TTL_MS).nullable(),
  fallback: null,
  conflicts: (settings) => {
    if (settings.store === 'redis' && settings.ttlMs === null)
      return ['ttlMs is missing: store "redis" needs a life, from 10 ms'];
    if (settings.store !== 'redis' && settings.ttlMs !== null)
      return [`ttlMs ${settings.ttlMs} has no effect with store "${settings.store}": leave it out`];
    return [];
  },
};

/** The strategy that all others are put around. */
export function baseStrategy(
  settings: PolicySettings,
  services: Services,
  tune: (slots: ReturnType<typeof defaultSlots>) => void,
): Strategy {
  if (settings.store === 'none') return uncached(services);
  if (settings.store === 'memory') return staticBytes(services);
  const slots = defaultSlots(services);
  tune(slots);
  return cacheAside(services, settings.ttlMs ?? MAX_TTL_MS, slots);
}
