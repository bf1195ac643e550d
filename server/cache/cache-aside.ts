import { absentEntry, decodeEntry, loadEntry } from './entry.ts';
import type { Entry } from './entry.ts';
import type { Load, Read, Services, Strategy } from './strategy.ts';

/** What becomes of an entry that was found. `early` and `stale` are answers too; a slot that gives them says how they refresh. */
export type Freshness = 'fresh' | 'early' | 'stale' | 'expired';

/** The places at which a policy may change cache-aside. Each has one plain default; the parts in `registry.ts` set them. */
export interface Slots {
  /** Life of the next copy, in ms. Default: `ttlMs` for each. */
  lifetimeMs(ttlMs: number): number;
  /** Default: fresh until the logical life is over. */
  freshness(entry: Entry, nowMs: number): Freshness;
  /** Who may load after a miss. `reread` looks into the cache again. Default: everybody. */
  gate(key: string, work: () => Promise<Read>, reread: () => Promise<Read | null>): Promise<Read>;
  /** How bodies are stored. Default: gzip. */
  encoding: 'gzip' | 'identity';
  /**
   * Called when a load begins. The function that it returns is called if nothing was found: for how many ms to keep
   * that, null: not at all. Default: never.
   */
  watchAbsence(): () => number | null;
  /** Writes the copy. @returns Whether it was accepted. Default: SET with the life as its expiry. */
  write(key: string, entry: Entry): Promise<boolean>;
}

export function defaultSlots(services: Services): Slots {
  return {
    lifetimeMs: (ttlMs) => ttlMs,
    freshness: (entry, nowMs) =>
      nowMs < entry.loadStartedAtMs + entry.ttlMs ? 'fresh' : 'expired',
    gate: (_key, work) => work(),
    encoding: 'gzip',
    watchAbsence: () => () => null,
    write: async (key, entry) => {
      await services.store.set(key, entry.bytes, entry.ttlMs);
      return true;
    },
  };
}

/**
 * Ask Redis; after a miss load and fill. When Redis gives no answer the value is loaded all the same (`bypass`) and
 * not filled: a second wait would follow the first.
 * Known weakness: of many readers that miss at once each loads (stampede), and a load that began before a write may
 * fill after the DEL (stale set).
 */
export function cacheAside(services: Services, ttlMs: number, slots: Slots): Strategy {
  const { store, now } = services;

  function usable(bytes: Buffer | null): Read | null {
    const entry = bytes === null ? null : decodeEntry(bytes);
    if (entry === null) return null;
    if (entry.encoding === 'absent') {
      if (now() >= entry.loadStartedAtMs + entry.ttlMs) return null;
      return { outcome: 'negative', entry: null, absence: entry, loaded: null, stored: false };
    }
    const freshness = slots.freshness(entry, now());
    if (freshness === 'expired') return null;
    const outcome = freshness === 'fresh' ? 'hit' : freshness;
    return { outcome, entry, loaded: null, stored: false };
  }

  const fill: Strategy['fill'] = async (key, load) => {
    const keepAbsenceMs = slots.watchAbsence();
    const loadStartedAtMs = now();
    const { entry, loaded } = await loadEntry(load, slots.lifetimeMs(ttlMs), now, slots.encoding);
    const absenceMs = entry === null ? keepAbsenceMs() : null;
    const copy =
      absenceMs === null ? entry : absentEntry({ loadStartedAtMs, ttlMs: Math.round(absenceMs) });
    // A copy that could not be kept is no reason to keep the reader from the page.
    const stored = copy !== null && (await slots.write(key, copy).catch(() => false));
    return { outcome: 'miss', entry, loaded, stored };
  };

  const bypass = async (load: Load): Promise<Read> => ({
    ...(await loadEntry(load, ttlMs, now, slots.encoding)),
    outcome: 'bypass',
    stored: false,
  });

  const miss = (key: string, load: Load): Promise<Read> =>
    slots.gate(
      key,
      () => fill(key, load),
      async () => usable(await store.get(key)),
    );

  return {
    name: 'cache-aside',
    async get(key, load) {
      let bytes: Buffer | null;
      try {
        bytes = await store.get(key);
      } catch {
        return bypass(load);
      }
      return usable(bytes) ?? miss(key, load);
    },
    async getMany(keys, load) {
      const found = await store.getMany(keys).catch(() => null);
      return Promise.all(
        keys.map(async (key, index) => {
          if (found === null) return bypass(() => load(key));
          return usable(found[index] ?? null) ?? miss(key, () => load(key));
        }),
      );
    },
    fill,
    afterWrite: () => Promise.resolve(false),
  };
}
