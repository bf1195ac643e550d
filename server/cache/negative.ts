import { z } from 'zod';
import { MAX_TTL_MS } from './entry.ts';
import type { Part } from './part.ts';

/**
 * Keeps for a while that something does not exist (null caching): the second request for it costs no load. Against
 * keys that never come twice it does nothing but fill memory.
 *
 * A store that is created while its absence is kept shows up as soon as this process, or any other of the same policy,
 * is told of it: whoever hears deletes the note. The race: a load finds nothing, the store is committed, its
 * announcement deletes a note that is not there yet, then the note is written. So a load keeps nothing if any new key
 * was announced while it ran; an announcement that comes later finds the note already on its way, and its DEL follows
 * on the same connection. While the announcements are cut off the note lives at the longest for `negativeTtlMs`.
 */
export const negativeTtlMs: Part<number | null> = {
  about: 'for how many ms it is kept that a store does not exist; null: not at all',
  schema: z.number().int().min(10).max(MAX_TTL_MS).nullable(),
  fallback: null,
  conflicts({ negativeTtlMs: value, ttlMs, store }) {
    if (value === null) return [];
    if (store !== 'redis')
      return [
        `negativeTtlMs ${value} needs store "redis", not "${store}": there is no place for it`,
      ];
    if (ttlMs !== null && value > ttlMs)
      return [
        `negativeTtlMs ${value} is longer than ttlMs ${ttlMs}: a new store would be missing for longer than a price is wrong`,
      ];
    return [];
  },
  tune(slots, settings, services) {
    const { negativeTtlMs: keepMs } = settings;
    if (keepMs === null) return;
    slots.watchAbsence = () => {
      const before = services.existence?.announcements();
      return () => (services.existence?.announcements() === before ? keepMs : null);
    };
  },
};
