/**
 * What the control server and the page say to each other. Both sides import this file: types and tables of plain data only.
 *
 * One room, one truth: the control server holds the state, every page shows it. Changes go through the HTTP interface below;
 * what came of them arrives, for everybody, on the event stream.
 *
 * | request | answer |
 * | --- | --- |
 * | `GET /` | the page; `GET /assets/…` its script, style and fonts, bundled at start |
 * | `GET /api/state` | `RoomState` |
 * | `GET /api/stream` | server-sent events, see `StreamEvents`; `Last-Event-ID` (or `?after=ID`) replays what was missed, up to 120 s |
 * | `PUT /api/knobs` | body: `Partial<Knobs>`; 200 `RoomState`, 400 `Refusal` |
 * | `POST /api/actions/:name` | `ActionName`; 200 `Mark`, 409 or 400 `Refusal` |
 * | `POST /api/view` | one page view by a participant: `View` |
 * | `GET /storefront` | the restaurant's page as HTML with its query panel, for the frame: read through the cache as any visitor |
 * | `POST /api/predictions` | body: `PredictionInput`; 200 `Question`, 400 or 409 `Refusal` |
 * | `POST /api/questions` | body: `{ id }` of `QUESTIONS`: asks the room; 200 `Question` |
 * | `POST /api/questions/:id/reveal` | does what was asked about and measures it; 202 at once, the answer comes on the stream |
 * | `POST /api/measure` | body: `SentenceInput`: a real run of a sentence's setting, 202; `Measured` comes on the stream. 409 while one is under way |
 * | `GET /api/evidence` | `Evidence` |
 * | `GET /api/report` | the take-home, one self-contained HTML file, as a download |
 *
 * Beyond loopback everything, the page included, needs the token of the printed link (a cookie keeps it). Requests that
 * change something need an `Origin` of our own.
 */

/** All that can be turned. Every change takes effect in the running services, for everybody. */
export interface Knobs {
  /** Preset of the demo server, by name (`PRESETS`). */
  preset: string;
  /** Life of a copy in seconds, 1 to 3600; null: the preset's own. */
  ttlSeconds: number | null;
  /** Spread of the life, 0 to 0.5; null: the preset's own. */
  jitter: number | null;
  /** `process`: the readers of one server process share a load (single-flight); null: the preset's own. */
  coalesce: 'none' | 'process' | null;
  /** Who may load across processes; null: the preset's own. */
  gate: 'none' | 'lock' | 'lock-naive' | 'lease' | null;
  /** What a price change does to the copy; null: the preset's own. */
  invalidate: 'none' | 'delete' | 'double-delete' | 'event-driven' | 'outbox' | null;
  /** Redis `maxmemory` in MB, 1 to 512; null: no limit. */
  maxmemoryMb: number | null;
  /** Redis `maxmemory-policy`. */
  maxmemoryPolicy:
    | 'noeviction'
    | 'allkeys-lru'
    | 'volatile-lru'
    | 'allkeys-lfu'
    | 'volatile-lfu'
    | 'allkeys-random'
    | 'volatile-ttl';
  /** Page views per second, by k6, 0 to 200. */
  readsPerSecond: number;
  /** Price changes per minute, by k6, 0 to 600. */
  writesPerMinute: number;
  /** Of those reads the share that goes to the other stores by a Zipf law, 0 to 1; the rest is the restaurant's. */
  otherStoresShare: number;
  /** Simulated wait of each database round trip in ms, 0 to 50: drawn from a third less to a third more (7.5: the story's 5 to 10). */
  dbLatencyMs: number;
}

/** Range of each number among the knobs, both ends included, for sliders and for refusals. */
export const KNOB_RANGES = {
  ttlSeconds: [1, 3600],
  jitter: [0, 0.5],
  maxmemoryMb: [1, 512],
  readsPerSecond: [0, 200],
  writesPerMinute: [0, 600],
  otherStoresShare: [0, 1],
  dbLatencyMs: [0, 50],
} as const;

/** Values that the choices among the knobs take; `preset` takes the names of the server's presets. */
export const KNOB_CHOICES = {
  coalesce: ['none', 'process'],
  gate: ['none', 'lock', 'lock-naive', 'lease'],
  invalidate: ['none', 'delete', 'double-delete', 'event-driven', 'outbox'],
  maxmemoryPolicy: [
    'noeviction',
    'allkeys-lru',
    'volatile-lru',
    'allkeys-lfu',
    'volatile-lfu',
    'allkeys-random',
    'volatile-ttl',
  ],
} as const;

/** The room as it opens. */
export const FIRST_KNOBS: Knobs = {
  preset: 'uncached',
  ttlSeconds: null,
  jitter: null,
  coalesce: null,
  gate: null,
  invalidate: null,
  maxmemoryMb: null,
  maxmemoryPolicy: 'noeviction',
  readsPerSecond: 5,
  writesPerMinute: 0,
  otherStoresShare: 0,
  dbLatencyMs: 7.5,
};

/** What a button does, once; `key` is its number on the keyboard. */
export const ACTIONS = [
  { name: 'edit-price', key: '1' },
  { name: 'expire-now', key: '2' },
  { name: 'kill-redis', key: '3' },
  { name: 'bring-redis-back', key: '4' },
  { name: 'freeze-redis', key: '5' },
  { name: 'drop-listener', key: '6' },
  { name: 'bring-listener-back', key: '7' },
  { name: 'ask-missing', key: '8' },
  { name: 'flood', key: '9' },
  { name: 'edit-behind', key: '0' },
] as const;
export type ActionName = (typeof ACTIONS)[number]['name'];
// edit-price: the dish of the story goes from ¥150 to ¥120 or back, through the server. expire-now: the restaurant's copy is
// deleted from Redis and from the processes' memory. kill-redis: SIGKILL, its data is gone. bring-redis-back: starts it empty, or
// thaws it. freeze-redis: SIGSTOP. drop-listener / bring-listener-back: the invalidator process is killed / started. ask-missing: one view of a store
// that does not exist. flood: k6 asks for random stores that do not exist, 10 s long, 100/s. edit-behind: the same price edit by SQL, past the server.

/** A vertical line on all charts. */
export interface Mark {
  /** Counts the marks of the room from 1: the number at its line in every chart, the same for everybody. */
  id: number;
  /** ms since the Unix epoch. */
  atMs: number;
  kind: 'action' | 'knobs' | 'question' | 'run';
  /** Of an action its name, of knobs the names that changed, joined by a comma; else the question's id or `measure`. */
  what: string;
  /** Value for the label, e.g. `150→120`, `preset=lease`; plain text, never markup. */
  detail: string;
}

/** Four times a second: what happened since the sample before. Arrays are never long: a stream of 4 Hz stays below 2 KB/s. */
export interface Sample {
  /** Rises by one; the id of the event. */
  id: number;
  /** End of the interval, ms since the Unix epoch. */
  atMs: number;
  /** Length of the interval in ms, about 250. */
  spanMs: number;
  /** Page requests that ended in the interval. */
  requests: number;
  /** Of them answered with 500 or more. */
  errors: number;
  /** Of the last 2 s, handling time at the server in ms; null without requests. */
  p50Ms: number | null;
  p99Ms: number | null;
  /** hits / lookups over the last 2 s, 0 to 1 (hit, early, stale and coalesced-from-copy count as the server counts them); null without lookups. */
  hitRatio: number | null;
  /** Loads in flight now: database connections in use. */
  loadsInFlight: number;
  /** Requests that wait for a connection now. */
  waiting: number;
  /** SELECTs per second in the interval. */
  selectsPerSecond: number;
  /** Age of the answers that ended in the interval: the oldest and the median, in ms; null without pages. */
  ageMaxMs: number | null;
  ageP50Ms: number | null;
  /** Share of the answers that showed an old price, 0 to 1; null without pages. */
  staleShare: number | null;
  /** How long the oldest of these old prices had been wrong, ms; 0: none. */
  stalestMs: number;
  /** Copies of pages loaded anew in the interval. */
  loads: number;
  /** Redis: null while it gives no answer. */
  redis: {
    usedMb: number;
    keys: number;
    evictedPerSecond: number;
    /** Commands that Redis ran, per second of the interval (`total_commands_processed`), for the diagram. */
    commandsPerSecond: number;
  } | null;
}

/** What the diagram shows. */
export type ServiceState = 'up' | 'down' | 'frozen' | 'starting' | 'unused';

export interface RoomState {
  /** Rises with every change of the room; the page ignores older ones. */
  version: number;
  knobs: Knobs;
  /** The policy in force as the server describes it. */
  policy: { name: string; title: string; description: string; invalidation: string };
  services: {
    app: ServiceState;
    redis: ServiceState;
    postgres: ServiceState;
    /** The invalidator; `unused` where the policy needs none. */
    listener: ServiceState;
    /** k6; `unused` while both rates are 0. */
    load: ServiceState;
  };
  /** The circuit breaker in front of Redis. */
  circuit: 'closed' | 'open' | 'half-open' | 'off';
  /** Price of the dish of the story as the database has it, yuan. */
  price: number;
  /** Null: nothing is asked. */
  question: Question | null;
  measuring: boolean;
  /** Pages connected. */
  people: number;
  /** When the room opened, ms since the Unix epoch. */
  openedAtMs: number;
}

/** One page view by a participant, with its proof. */
export interface View {
  atMs: number;
  status: number;
  /** As in `Cache-Status`: hit, miss, bypass … */
  outcome: string | null;
  /** At the control server, from sending to the last byte. */
  totalMs: number;
  /** Age of the page in ms; null: just built, or none. */
  ageMs: number | null;
  menuVersion: number | null;
  /** Price of the dish of the story that this answer shows; null without a page. */
  price: number | null;
  /** In order; empty on a hit. `table` for its colour, `micros` for its height. */
  queries: { table: string; micros: number }[];
}

/** Questions that the room can be asked before it is shown. `unit` of the answer; `scale` of the slider. */
export const QUESTIONS = [
  { id: 'hit-ratio', unit: '%', scale: 'linear', low: 0, high: 100 },
  { id: 'stale-after-edit', unit: 's', scale: 'log', low: 0.01, high: 3600 },
  { id: 'loads-per-expiry', unit: 'loads', scale: 'log', low: 1, high: 200 },
  { id: 'p99-redis-dies', unit: 'ms', scale: 'log', low: 1, high: 30_000 },
  { id: 'selects-flood', unit: 'SELECTs/s', scale: 'log', low: 1, high: 20_000 },
] as const;
export type QuestionId = (typeof QUESTIONS)[number]['id'];

export interface PredictionInput {
  id: QuestionId;
  /** Of this browser, so that a second answer replaces the first: 8 to 40 characters of [A-Za-z0-9-]. */
  who: string;
  /** In the question's unit. */
  value: number;
}

export interface Question {
  id: QuestionId;
  askedAtMs: number;
  /** Every prediction, without names, in ascending order. */
  predictions: number[];
  state: 'open' | 'running' | 'revealed' | 'failed';
  /** Measured; null before, and where it failed. */
  answer: number | null;
  /** How it was measured, or why it failed. English; `what` is its key for the page's words. */
  how: string;
}

/** Sentences whose numbers can be turned in the text; the closed form answers at once, a run measures. */
export const SENTENCES = [
  'stale-readers',
  'hit-ratio',
  'loads-per-expiry',
  'avalanche-peak',
] as const;
export interface SentenceInput {
  sentence: (typeof SENTENCES)[number];
  ttlSeconds: number;
  readsPerSecond: number;
  editsPerMinute: number;
  /** Time of one load in ms. */
  loadMs: number;
  /** Of `avalanche-peak` alone: copies that were made in one moment, 2 to 1000, and the spread of their life, 0 to 0.5. Absent: 200 and 0. */
  copies?: number;
  jitter?: number;
}

export interface Measured {
  sentence: SentenceInput;
  /** What the closed form says, for the time that a load took in the run and the reads that it had (`how` names both). */
  predicted: number;
  measured: number;
  /** 95 %; null where one run gives none. */
  interval: [low: number, high: number] | null;
  unit: string;
  /** Samples behind it. */
  n: number;
  how: string;
}

/** What was really sent, for whoever doubts. Newest last; at most 40 of each. */
export interface Evidence {
  /** Requests of the control server to the demo server: knobs, actions, views. `command` repeats it in a shell. */
  requests: { atMs: number; line: string; answer: string; command: string }[];
  /** The shapes of the SELECTs of the last view that loaded, with how often each ran. */
  sql: { shape: string; count: number }[];
  /** Excerpt of Redis MONITOR: half a second, at most 40 lines, taken when asked for; empty while Redis is away. */
  monitor: string[];
  /** The k6 script of the load as it runs, and how to run it. */
  k6: { script: string; settings: string; command: string };
}

/** A request that was turned away: a sentence with the value, the allowed range and what to do. */
export interface Refusal {
  error: string;
  /** Knob or action that it is about; null: none. */
  about: string | null;
}

/** Events on the stream: `event:` is the key, `data:` the JSON. Samples and marks carry an `id:`. */
export interface StreamEvents {
  sample: Sample;
  mark: Mark;
  state: RoomState;
  measured: Measured;
  /** Sent once to every connection first, with what was missed. */
  hello: { samples: Sample[]; marks: Mark[]; state: RoomState };
}
