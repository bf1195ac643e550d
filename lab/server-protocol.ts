import type { Outcome } from './result.ts';

/**
 * What the lab and the server say to each other. The lab starts the server with these environment
 * variables and talks to `/lab/*`; it never imports the server's code, save the table of presets.
 *
 * | variable | meaning | default |
 * | --- | --- | --- |
 * | CACHELAB_HOST, CACHELAB_PORT | where it listens | 127.0.0.1, 3000 |
 * | CACHELAB_PG_URL, CACHELAB_REDIS_URL | its services; Redis as `redis://HOST:PORT`, `redis+sentinel://HOST:PORT,HOST:PORT/NAME` or `redis+cluster://HOST:PORT,HOST:PORT` | required |
 * | CACHELAB_KEY_PREFIX | prefix of every Redis key | empty |
 * | CACHELAB_POLICY | a preset's name, or JSON `{"preset": …, "overrides": {…}}` | cached |
 * | CACHELAB_DB_LATENCY | added to every database round trip, in ms: `0`, `10` or `5-10` | 5-10 |
 * | CACHELAB_DB_POOL | connections | 50 |
 * | CACHELAB_DB_MAX_WAIT_MS | longest wait for a connection, then 503; `unbounded` waits for ever | 2000 |
 * | CACHELAB_DB_TIMEOUT_MS | longest time for one statement, and for opening a connection (at most 5 s of it); `unbounded` waits for ever | 10000 |
 * | CACHELAB_REDIS_CLIENT | `recommended`: settings that survive a failover; `default`: those of the client library | recommended |
 * | CACHELAB_REDIS_TIMEOUT_MS | longest wait for one Redis command | 100 |
 * | CACHELAB_REDIS_BREAKER | `off`: no circuit breaker, every command waits by itself | on |
 * | CACHELAB_SEED | seed of every random draw | 1 |
 * | CACHELAB_LAB_TOKEN | needed in `x-lab-token` for `/lab/*` when not on loopback | none |
 * | CACHELAB_LOG | pino level | warn |
 * | CACHELAB_SLOW_MS | requests that take longer are logged, at most one a second | 100 |
 * | CACHELAB_JOURNAL | `on`: each read, load and write is kept for `GET /lab/journal` | off |
 *
 * Load scripts mark requests of the measured phase with the header `x-lab-phase: measure`.
 */
export interface LabStats {
  /** Page requests only (`GET /stores/:slug/catalog`), apart by the `x-lab-phase` header. */
  phases: Record<'measure' | 'other', PhaseStats>;
  /** SELECTs of all page loads since the last reset. */
  selectsTotal: number;
  pool: {
    size: number;
    total: number;
    idle: number;
    waiting: number;
    maxWaiting: number;
    shed: number;
  };
  /** The guard in front of Redis. */
  redis: {
    /** `down`: no command is sent, or none is answered. */
    state: 'up' | 'down';
    /** Of the circuit breaker; `off`: there is none. */
    circuit: 'closed' | 'open' | 'half-open' | 'off';
    /** How often the circuit has opened since the server's start. */
    opened: number;
  };
  /** 99th percentile of the event loop's delay since the last reset. */
  eventLoopDelayP99Ms: number;
  /** Version shown by the last page sent, per slug; of a few slugs only. */
  menuVersions: Record<string, number>;
  /** The Bloom filter of all stores as it is filled now, where the policy in force has one: `setShare` ^ `hashes` is its rate of false positives. */
  filter: { bits: number; hashes: number; setShare: number } | null;
  /** What the policies did since the last reset, by event: `CacheEvent` of `server/cache/strategy.ts`. */
  cacheEvents: Record<string, number>;
}

/**
 * The answer to `POST /lab/journal/take`: the journal since the last one, which is emptied in the same step, and the gauges of
 * this moment, for whoever watches a server several times a second.
 */
export interface TakenJournal {
  journal: Journal;
  /** This moment on both clocks. */
  nowUs: number;
  nowMs: number;
  /** Connections in use, and requests that wait for one. */
  pool: { inUse: number; waiting: number };
  /** SELECT statements sent since the process started. */
  selects: number;
  redis: LabStats['redis'];
}

/**
 * The answer to `GET /lab/view/:slug`: the restaurant's page as a visitor gets it through the policy in force, and what it cost.
 */
export interface LabView {
  outcome: Outcome;
  /** Age of the copy in ms; null when it was just built. */
  ageMs: number | null;
  menuVersion: number;
  /** From the request's arrival to the page's bytes being at hand. */
  totalMs: number;
  /** The statements that this very page ran, in order; none on a hit. */
  queries: { shape: string; table: string; rows: number; micros: number }[];
  /** The page: the same document as `GET /stores/:slug/catalog`. */
  page: { categories: { products: { id: number; price: number }[] }[] };
}

/**
 * Each read, load and write of one server process since its last reset (`GET /lab/journal`, `POST /lab/journal/reset`), with
 * CACHELAB_JOURNAL on. A table is its columns, all of one length. `…Us`: microseconds of `process.hrtime`, CLOCK_MONOTONIC on
 * Linux: the same clock in every process of the machine. `slug` is an index into `slugs`.
 */
export interface Journal {
  slugs: string[];
  /** Page requests (`GET /stores/:slug/catalog`; `GET /stores/:slug` and `/lab/view` too), in the order of their ends. */
  reads: {
    slug: number[];
    /** Handling began, before any cache or database was asked. */
    startUs: number[];
    endUs: number[];
    status: number[];
    /** Index into `OUTCOMES`; -1 where the load failed. */
    outcome: number[];
    /** `menu_version` that the page shows; 0 without a page. */
    version: number[];
    /** When the page's load began, ms since the Unix epoch, from its header; 0 without a page. Joins with `loads.startedAtMs`, which may be 1 ms later. */
    loadedAtMs: number[];
    /** Number in the header `x-lab-session`; 0 without. */
    session: number[];
    /** 1: in the measured phase. */
    measured: number[];
  };
  /** Builds of a page from the database, background ones included. */
  loads: {
    slug: number[];
    startUs: number[];
    endUs: number[];
    /** ms since the Unix epoch. */
    startedAtMs: number[];
    selects: number[];
    /** `menu_version` of the snapshot; 0: no such store; -1: the load failed. */
    version: number[];
    /** `[product id, version]` of each dish that was changed since the seed. */
    dishes: [id: number, version: number][][];
  };
  /** Price updates through the server. */
  writes: {
    slug: number[];
    product: number[];
    /** Handling began. */
    sendUs: number[];
    /** COMMIT was answered. */
    ackUs: number[];
    /** The policy's part was done. */
    doneUs: number[];
    version: number[];
    session: number[];
  };
}

export interface PhaseStats {
  requests: number;
  outcomes: Partial<Record<Outcome, number>>;
  /** Answers with status 500 or above, shed ones included. */
  errors: number;
  shed: number;
  /** Pages built from the database. */
  loads: number;
  selects: number;
  /** Handling time of page requests: HdrHistogram V2, compressed, base64, microseconds; null without requests. */
  hdr: string | null;
}

/** The answer to `GET /cache/stats`: what the server did with page reads since its last reset, beside what Redis says of itself. */
export interface CacheStats {
  policy: string;
  requests: number;
  /** Pages built from the database. */
  loads: number;
  selects: number;
  /** Page answers with status 500 or above, shed ones included. */
  errors: number;
  shed: number;
  outcomes: Partial<Record<Outcome, number>>;
  /** (hit + early + stale) / all reads, 0 to 1; null without reads. */
  hit_ratio: number | null;
  /** Handling times of page requests. */
  page_seconds: SecondsCounts;
  /** Times that loads took. */
  load_seconds: SecondsCounts;
  pool: { size: number; open: number; idle: number; waiting: number };
  /** Figures are left out while Redis gives none. */
  redis: RedisState & Partial<RedisFigures>;
}

/** Durations by upper bound: `counts[i]` of them up to `bounds[i]` seconds and above the bound before; the last lie above all bounds. */
export interface SecondsCounts {
  count: number;
  sum: number;
  bounds: readonly number[];
  counts: readonly number[];
}

export interface RedisState {
  /** `up`: commands are sent; `down`: pages come from the database. */
  state: 'up' | 'down';
  /** The breaker in front of Redis; `off`: there is none. */
  circuit: 'closed' | 'half-open' | 'open' | 'off';
  /** How often it has opened since the server started. */
  circuit_opened: number;
  /** Keys of this server alone; null where so many keys lie in Redis that counting would cost too much. Left out without an answer. */
  keys?: number | null;
}

/** Redis's own counters, of all its users, read about once a second at most. Null: this server has no such figure. */
export interface RedisFigures {
  /** When they were read, ms since the Unix epoch. */
  sampled_at_ms: number;
  uptime_seconds: number | null;
  used_memory_bytes: number | null;
  /** 0: no limit. */
  max_memory_bytes: number | null;
  rss_bytes: number | null;
  /** Resident over used memory. Means little below some 10 MB, where the program itself is most of it. */
  fragmentation_ratio: number | null;
  connected_clients: number | null;
  max_clients: number | null;
  commands_processed: number | null;
  keyspace_hits: number | null;
  keyspace_misses: number | null;
  /** Of all GETs that Redis answered, 0 to 1; null without any. */
  hit_ratio: number | null;
  expired_keys: number | null;
  evicted_keys: number | null;
  /** Keys of all databases. */
  db_keys: number;
  db_keys_with_ttl: number;
  /** Slow commands that SLOWLOG still lists, and all that it logged since Redis started. */
  slowlog_length: number | null;
  slowlog_logged: number | null;
  connected_replicas: number | null;
  /** Of the replica that is furthest behind; 0 without replicas. */
  replication_lag_bytes: number;
  replication_lag_seconds: number;
}
