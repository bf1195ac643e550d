import type { Entry } from './entry.ts';
import type { Script } from './scripts.ts';

/**
 * What the server did with one read. `bypass`: no cache was asked, because the policy has none or because Redis
 * gives no answer; `miss`: a cache was asked and had nothing. Hit ratio = (hit + early + stale) / all.
 */
export const OUTCOMES = [
  'hit',
  'stale',
  'early',
  'miss',
  'coalesced',
  'negative',
  'rejected',
  'bypass',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What a load brings back from the database. */
export interface Loaded {
  /** The document, UTF-8, not compressed. */
  body: Buffer;
  /** Version of the snapshot that the body shows. */
  menuVersion: number;
  /** One entry per query that it took. */
  queries: readonly unknown[];
  /** How long it took. */
  micros: number;
}

/** Loads one value; null: it does not exist. */
export type Load = () => Promise<Loaded | null>;

/** Answer of a strategy. */
export interface Read {
  outcome: Outcome;
  /** Null: what was asked for does not exist. */
  entry: Entry | null;
  /** With outcome `negative`: the note that says so. */
  absence?: Entry;
  /** Whether this read left a copy behind. */
  stored: boolean;
  /** What this very read loaded; null when it was answered without, or by the load of another. */
  loaded: Loaded | null;
  /** SELECTs that this read ran beside its load; absent: none. */
  versionSelects?: number;
}

/**
 * A way to read through a cache. Defences wrap one strategy in another: they override what they change and pass on
 * the rest (`{ ...inner, get: … }`).
 */
export interface Strategy {
  /** For logs: the parts from the outside in, e.g. `single-flight(cache-aside)`. */
  name: string;
  get(key: string, load: Load): Promise<Read>;
  /** Several reads for one round trip to the cache, in the order of `keys`. */
  getMany(keys: readonly string[], load: (key: string) => ReturnType<Load>): Promise<Read[]>;
  /** Loads and puts the value there without asking first; `stored` says whether a copy is kept. */
  fill(key: string, load: Load): Promise<Read>;
  /**
   * Called once the change of what `key` shows is committed.
   * @param version - The one that the change has made, where it is known.
   * @returns Whether no old copy is left.
   */
  afterWrite(key: string, version?: number): Promise<boolean>;
}

/** What this process knows of the keys that exist; `server/admission/` keeps it up to date. */
export interface Existence {
  /** False: probably new to this process. True when it cannot tell. Costs no round trip. */
  mayExist(key: string): boolean;
  /**
   * Whether `mayExist` was false and still is after everything that was committed before this call has been heard of.
   * False when that cannot be found out in time. Callers at the same time share one round trip.
   */
  isAbsent(key: string): Promise<boolean>;
  /** False: `mayExist` says true to everything. */
  isReady(): boolean;
  /** Grows with each key that is heard to be new. */
  announcements(): number;
}

/** Tells other processes which copies are to go. */
export interface Bus {
  publish(key: string): Promise<void>;
  /** Replaces the listener. `evict`: this key's copy is old; `lost`: from now on messages are missed; `linked`: heard again. */
  listen(listener: BusListener): void;
}

export interface BusListener {
  evict(key: string): void;
  lost(): void;
  linked(): void;
}

/** What a strategy may use; the core has no clock and no chance of its own. */
export interface Services {
  store: Store;
  /** Milliseconds since the Unix epoch: entries are read by other processes. */
  now: () => number;
  /** Uniform in [0, 1). */
  random: () => number;
  /** Null and absent: nothing is known, everything may exist. */
  existence?: Existence | null;
  /** Null and absent: this process is alone. */
  bus?: Bus | null;
  /** `menu_version` of what `key` shows, by one SELECT; null: there is no such store. Needed by fence `version-key`. */
  currentVersion?: (key: string) => Promise<number | null>;
  /** Counts what a policy did, for `/lab/stats` and `/metrics`. */
  count: (event: CacheEvent) => void;
}

/** What policies do out of sight of the reader. */
export type CacheEvent =
  | 'filled'
  /** A fence turned the copy away: it was older than a change. */
  | 'fill-refused'
  | 'fill-failed'
  | 'load-failed'
  /** A reader waited for the load of another process. */
  | 'lock-waited'
  /** The wait was over before the load. */
  | 'lock-timeout'
  /** The lock had run out before its holder gave it back. */
  | 'lock-lost'
  /** A background load began. */
  | 'refresh'
  | 'refresh-failed'
  /** An old copy was sent because the load failed. */
  | 'stale-if-error'
  /** An old copy was sent because the load of another took too long. */
  | 'stale-get'
  | 'l1-hit'
  | 'l1-evicted'
  /** The filter let a slug through that does not exist. */
  | 'filter-false-positive';

/** Where copies are kept: Redis behind its guard. Every method rejects within the configured timeout when it gives no answer. */
export interface Store {
  get(key: string): Promise<Buffer | null>;
  /** One round trip, in the order of `keys`. */
  getMany(keys: readonly string[]): Promise<(Buffer | null)[]>;
  set(key: string, value: Buffer, ttlMs: number): Promise<void>;
  delete(key: string): Promise<void>;
  /** SET NX PX. @returns Whether it was set. */
  setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean>;
  /** Compare and delete in one step. @returns Whether the value was there and is gone. */
  deleteIfEquals(key: string, value: string): Promise<boolean>;
  /** Several commands in one step. */
  run(
    script: Script,
    keys: readonly string[],
    values: readonly (string | number | Buffer)[],
  ): Promise<Buffer | number | null>;
}
