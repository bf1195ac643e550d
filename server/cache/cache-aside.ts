import { absentEntry, decodeEntry, loadEntry } from './entry.ts';
import type { Entry } from './entry.ts';
import { createRests } from './rests.ts';
import type { Load, Read, Services, Strategy } from './strategy.ts';

/** What becomes of an entry that was found. `early` and `stale` are sent at once, and refreshed behind the reader's back. */
export type Freshness = 'fresh' | 'early' | 'stale' | 'expired';

/** One way to a load: of a reader for whom no copy was usable, or of a refresh that nobody waits for. */
export interface Miss {
  key: string;
  load: Load;
  /** What lay under the key: nothing that this reader can use. */
  found: Buffer | null;
  /** The same, where it is a page past its life: better than none when the load fails. */
  expired: Entry | null;
  /** False: a refresh. It gives up where a reader would wait. */
  waits: boolean;
  /** The load has begun. */
  loading: boolean;
  /** What was loaded may be older than a change, because no fence accepted it. */
  unfenced: boolean;
}

/** Writes a copy. @returns False: a fence turned it away. */
export type Write = (key: string, entry: Entry) => Promise<boolean>;

/** What a slot can do with a miss. */
export interface Work {
  /** Loads and writes. @param write - Default: the slot's; null: nothing is written. */
  fill: (miss: Miss, write?: Write | null) => Promise<Read>;
  /** Loads past the cache: Redis gives no answer. */
  bypass: (miss: Miss) => Promise<Read>;
  /** The answer that these bytes are; null when they are none. */
  usable: (bytes: Buffer | null) => Read | null;
  /** Reads the copy again. Null: still none that is usable. */
  look: (miss: Miss) => Promise<Read | null>;
}

/** The places at which a policy may change cache-aside. Each has one plain default; the parts in `registry.ts` set them. */
export interface Slots {
  /** What has been set, for the strategy's name, the outermost first. */
  names: string[];
  /** Life of the next copy, in ms. Default: `ttlMs` for each. */
  lifetimeMs: (ttlMs: number) => number;
  /** For how long after its life a page stays in Redis, in ms. Default: 0. */
  graceMs: number;
  /** Default: fresh until the logical life is over. */
  freshness: (entry: Entry, nowMs: number) => Freshness;
  /** Who of this process goes on to the gate; the others share his result. Null: nothing to do for a refresh. Default: everybody. */
  coalesce: (miss: Miss, lead: () => Promise<Read | null>, work: Work) => Promise<Read | null>;
  /** Who of all processes may load. Null: a refresh gave up. Default: everybody. */
  gate: (miss: Miss, work: Work) => Promise<Read | null>;
  /** What a reader gets who has waited long enough. Default: a load of his own. */
  overdue: (miss: Miss, work: Work) => Promise<Read>;
  /** Longest wait of a reader for the load of another in this process, in ms. Default: null, until it ends. */
  followMs: number | null;
  /** An answer in place of a load that failed, or that is not to be tried now. Default: none. */
  rescue: (miss: Miss) => Read | null;
  /** For how many ms no refresh follows a failed load. */
  retryAfterErrorMs: number;
  /** How bodies are stored. Default: gzip. */
  encoding: 'gzip' | 'identity';
  /**
   * Called when a load begins. The function that it returns is called if nothing was found: for how many ms to keep
   * that, null: not at all. Default: never.
   */
  watchAbsence: () => () => number | null;
  /** Default: SET with life and grace as its expiry. */
  write: Write;
  /** Writes without having asked first. Default: load and write. */
  overwrite: (miss: Miss, work: Work) => Promise<Read>;
  /** Whether fills that an invalidation has overtaken are refused. */
  fenced: boolean;
  /** Forgets the loads under way in this process: readers who come now do not join them. Default: there are none to join. */
  detach: (key: string) => void;
  /** Takes the copy away. Default: DEL. */
  remove: (key: string, version?: number) => Promise<void>;
  /** Default: nothing, false. */
  afterWrite: (key: string, version?: number) => Promise<boolean>;
}

export function defaultSlots(services: Services): Slots {
  const slots: Slots = {
    names: [],
    lifetimeMs: (ttlMs) => ttlMs,
    graceMs: 0,
    freshness: (entry, nowMs) =>
      nowMs < entry.loadStartedAtMs + entry.ttlMs ? 'fresh' : 'expired',
    coalesce: (_miss, lead) => lead(),
    gate: (miss, work) => work.fill(miss),
    overdue: (miss, work) => work.fill(miss),
    followMs: null,
    rescue: () => null,
    retryAfterErrorMs: 1000,
    encoding: 'gzip',
    watchAbsence: () => () => null,
    write: async (key, entry) => {
      await services.store.set(key, entry.bytes, keptMs(entry, slots));
      return true;
    },
    overwrite: (miss, work) => work.fill(miss),
    fenced: false,
    detach: () => {},
    remove: (key) => services.store.delete(key),
    afterWrite: () => Promise.resolve(false),
  };
  return slots;
}

/** Physical life of a copy, in ms: a page stays for its windows, the note of an absence does not. */
export function keptMs(entry: Entry, slots: Pick<Slots, 'graceMs'>): number {
  return entry.ttlMs + (entry.encoding === 'absent' ? 0 : slots.graceMs);
}

const newMiss = (key: string, load: Load, found: Buffer | null): Miss => ({
  key,
  load,
  found,
  expired: null,
  waits: true,
  loading: false,
  unfenced: false,
});

/**
 * Ask Redis; after a miss load and fill. When Redis gives no answer the value is loaded all the same (`bypass`) and
 * not filled: a second wait would follow the first. Order of a read: GET, freshness, and for those without a usable
 * copy `coalesce`, `gate`, load, `write`.
 * Known weakness of the plain slots: of many readers that miss at once each loads (stampede), and a load that began
 * before a write may fill after the DEL (stale set).
 */
export function cacheAside(services: Services, ttlMs: number, slots: Slots): Strategy {
  const { store, now, count } = services;
  const failed = createRests(now);
  const givenUp = createRests(now);

  const work: Work = {
    async fill(miss, write = slots.write) {
      const { key } = miss;
      miss.loading = true;
      miss.unfenced = write === null;
      const keepAbsenceMs = slots.watchAbsence();
      const lifeMs = slots.lifetimeMs(ttlMs);
      const loadStartedAtMs = now();
      const { entry, loaded } = await loadEntry(miss.load, lifeMs, now, slots.encoding).catch(
        (error: unknown) => {
          count('load-failed');
          throw error;
        },
      );
      const absenceMs = entry === null ? keepAbsenceMs() : null;
      const copy =
        absenceMs === null ? entry : absentEntry({ loadStartedAtMs, ttlMs: Math.round(absenceMs) });
      let stored = false;
      if (copy !== null && write !== null) {
        try {
          stored = await write(key, copy);
          miss.unfenced = !stored;
          count(stored ? 'filled' : 'fill-refused');
        } catch {
          count('fill-failed'); // a copy that could not be kept is no reason to keep the reader from the page
        }
      }
      return { outcome: 'miss', entry, loaded, stored };
    },
    async bypass(miss) {
      miss.loading = true;
      return {
        ...(await loadEntry(miss.load, ttlMs, now, slots.encoding)),
        outcome: 'bypass',
        stored: false,
      };
    },
    usable(bytes) {
      const entry = bytes === null ? null : decodeEntry(bytes);
      return entry === null ? null : answer(entry);
    },
    async look(miss) {
      miss.found = await store.get(miss.key).catch(() => null);
      return work.usable(miss.found);
    },
  };

  function answer(entry: Entry): Read | null {
    if (entry.encoding === 'absent') {
      if (now() >= entry.loadStartedAtMs + entry.ttlMs) return null;
      return { outcome: 'negative', entry: null, absence: entry, loaded: null, stored: false };
    }
    const freshness = slots.freshness(entry, now());
    if (freshness === 'expired') return null;
    const outcome = freshness === 'fresh' ? 'hit' : freshness;
    return { outcome, entry, loaded: null, stored: false };
  }

  /** A reader's way when no copy is usable. */
  async function loadFor(miss: Miss): Promise<Read> {
    if (miss.expired !== null && failed.has(miss.key)) {
      const old = slots.rescue(miss);
      if (old !== null) return old;
    }
    try {
      const read = await slots.coalesce(miss, () => slots.gate(miss, work), work);
      return read ?? (await work.fill(miss)); // only a refresh is ever left without
    } catch (error) {
      failed.rest(miss.key, slots.retryAfterErrorMs);
      const old = slots.rescue(miss);
      if (old !== null) return old;
      throw error;
    }
  }

  /** Nobody waits for it, so nobody hears of its failure but the counters. */
  async function refresh(miss: Miss): Promise<void> {
    const { key } = miss;
    miss.waits = false;
    const load = miss.load;
    miss.load = () => {
      count('refresh');
      return load();
    };
    try {
      const lead = async (): Promise<Read | null> => {
        const read = await slots.gate(miss, work);
        // Another process is at it: the next hits need not ask again at once.
        if (read === null) givenUp.rest(key, GIVEN_UP_MS);
        return read;
      };
      await slots.coalesce(miss, lead, work);
    } catch {
      failed.rest(key, slots.retryAfterErrorMs);
      count('refresh-failed');
    }
  }

  function readFound(key: string, load: Load, bytes: Buffer | null): Read | Promise<Read> {
    const entry = bytes === null ? null : decodeEntry(bytes);
    if (entry === null) return loadFor(newMiss(key, load, bytes));
    const read = answer(entry);
    if (read === null) {
      const miss = newMiss(key, load, bytes);
      if (entry.encoding !== 'absent') miss.expired = entry;
      return loadFor(miss);
    }
    if (read.outcome === 'early' || read.outcome === 'stale') {
      if (!failed.has(key) && !givenUp.has(key)) void refresh(newMiss(key, load, bytes));
    }
    return read;
  }

  function readWithoutRedis(key: string, load: Load): Promise<Read> {
    const miss = newMiss(key, load, null);
    return slots
      .coalesce(miss, () => work.bypass(miss), work)
      .then((read) => read ?? work.bypass(miss));
  }

  return {
    name: slots.names.reduceRight((inner, name) => `${name}(${inner})`, 'cache-aside'),
    async get(key, load) {
      let bytes: Buffer | null;
      try {
        bytes = await store.get(key);
      } catch {
        return readWithoutRedis(key, load);
      }
      return readFound(key, load, bytes);
    },
    async getMany(keys, load) {
      const found = await store.getMany(keys).catch(() => null);
      return Promise.all(
        keys.map(async (key, index) =>
          found === null
            ? readWithoutRedis(key, () => load(key))
            : readFound(key, () => load(key), found[index] ?? null),
        ),
      );
    },
    fill: (key, load) => slots.overwrite(newMiss(key, load, null), work),
    afterWrite: (key, version) => slots.afterWrite(key, version),
  };
}

/** About as long as it takes to see what the other process has made of it. */
const GIVEN_UP_MS = 50;
