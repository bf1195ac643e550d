import type { PolicySettings } from './registry.ts';

/** A named combination. What `settings` leaves out has the part's fallback. */
export interface Preset {
  name: string;
  title: string;
  /** One sentence: what a read does. */
  description: string;
  settings: Partial<PolicySettings>;
  /** One sentence: what a write does to the copies, and how long an old page may live. */
  invalidation: string;
}

/** The policies by name, in the order in which tables and charts show them. Pure data: server, lab, documents and charts read it. */
export const PRESETS: readonly Preset[] = [
  {
    name: 'uncached',
    title: 'No cache',
    description: 'Each page runs its 114 statements.',
    settings: {},
    invalidation: 'None needed: every page is read from the database.',
  },
  {
    name: 'joined',
    title: 'One statement',
    description: 'Each page runs one statement that joins what the 114 ask for.',
    settings: { query: 'joined' },
    invalidation: 'None needed: every page is read from the database.',
  },
  {
    name: 'cached',
    title: 'Cache-aside, 1 h',
    description: 'Ask Redis; after a miss build the page, keep it for 3600 s, send it.',
    settings: { store: 'redis', ttlMs: 3_600_000 },
    invalidation: 'None: an old page may be sent until its 3600 s are over.',
  },
  {
    name: 'short-ttl',
    title: 'Cache-aside, 60 s',
    description: 'As cached, but a page is kept for 60 s only.',
    settings: { store: 'redis', ttlMs: 60_000 },
    invalidation: 'None: an old page may be sent until its 60 s are over.',
  },
  {
    name: 'invalidated',
    title: 'Cache-aside + DEL',
    description: 'As cached; a price change deletes the copy after its COMMIT.',
    settings: { store: 'redis', ttlMs: 3_600_000, invalidate: 'delete' },
    invalidation:
      'The server that wrote deletes the copy after COMMIT. A load that began before may still fill the old page, for up to 3600 s; so may a DEL that Redis did not get.',
  },
  {
    name: 'double-delete',
    title: 'DEL twice',
    description: 'As invalidated; the copy is deleted a second time 500 ms later.',
    settings: {
      store: 'redis',
      ttlMs: 3_600_000,
      invalidate: 'double-delete',
      doubleDeleteMs: 500,
    },
    invalidation:
      'The server that wrote deletes after COMMIT and again 500 ms later. Old for 500 ms at most where a page loads faster than that; a slower load may fill the old page after both, for up to 3600 s.',
  },
  {
    name: 'event-driven',
    title: 'NOTIFY, then DEL',
    description: 'As cached; a process that listens to the database deletes the copy.',
    settings: { store: 'redis', ttlMs: 3_600_000, invalidate: 'event-driven' },
    invalidation:
      'A trigger notifies and the invalidator process deletes. A load that began before may still fill the old page, for up to 3600 s; so may a notification that was sent while nobody listened.',
  },
  {
    name: 'lock-naive',
    title: 'Lock as published',
    description:
      'As invalidated; after a miss one takes a lock for 10 s, the others sleep 50 ms and try again; no second look, and a plain DEL at the end.',
    settings: {
      store: 'redis',
      ttlMs: 3_600_000,
      invalidate: 'delete',
      gate: 'lock-naive',
      lockTtlMs: 10_000,
    },
    invalidation:
      'The server that wrote deletes the copy, not the lock. A load that began before may still fill the old page, for up to 3600 s, and no other load overwrites it.',
  },
  {
    name: 'lock',
    title: 'Lock',
    description:
      'As invalidated; after a miss one loads for all processes: token, second look, compare-and-delete; the others look every 50 ms.',
    settings: {
      store: 'redis',
      ttlMs: 3_600_000,
      invalidate: 'delete',
      gate: 'lock',
      lockTtlMs: 10_000,
      lockWaitMs: 15_000,
    },
    invalidation:
      'The server that wrote deletes the copy, not the lock. A load that began before may still fill the old page, for up to 3600 s, and no other load overwrites it.',
  },
  {
    name: 'single-flight',
    title: 'Single-flight',
    description: 'As invalidated; who misses the same page in one process shares one load.',
    settings: { store: 'redis', ttlMs: 3_600_000, invalidate: 'delete', coalesce: 'process' },
    invalidation:
      'The server that wrote deletes the copy. A load that began before may still fill the old page, for up to 3600 s, and who joins that load gets it too.',
  },
  {
    name: 'lock+single-flight',
    title: 'Lock + single-flight',
    description: 'As lock; of each process one waits for the lock, and the others for him.',
    settings: {
      store: 'redis',
      ttlMs: 3_600_000,
      invalidate: 'delete',
      coalesce: 'process',
      gate: 'lock',
      lockTtlMs: 10_000,
      lockWaitMs: 15_000,
    },
    invalidation:
      'The server that wrote deletes the copy, not the lock. A load that began before may still fill the old page, for up to 3600 s, and no other load overwrites it.',
  },
  {
    name: 'lease',
    title: 'Lease',
    description:
      'As lock, but the right to load is a token that an invalidation takes back: a fill without its token is refused.',
    settings: {
      store: 'redis',
      ttlMs: 3_600_000,
      invalidate: 'delete',
      gate: 'lease',
      lockTtlMs: 10_000,
      lockWaitMs: 5_000,
    },
    invalidation:
      'The server that wrote deletes copy and token after COMMIT: no read that begins after its answer is old. Changes made past the server are not seen for up to 3600 s.',
  },
  {
    name: 'fence',
    title: 'Version floor',
    description:
      'As invalidated; the deletion leaves the new version behind, and no older page is written.',
    settings: { store: 'redis', ttlMs: 3_600_000, invalidate: 'delete', fence: 'floor' },
    invalidation:
      'The server that wrote deletes the copy and raises the floor after COMMIT: no read that begins after its answer is old. Changes made past the server are not seen for up to 3600 s.',
  },
  {
    name: 'version-key',
    title: 'Version in the key',
    description:
      'Each read asks the database for the current version with one SELECT; the key of the page holds it.',
    settings: { store: 'redis', ttlMs: 3_600_000, fence: 'version-key' },
    invalidation: 'None needed: a page of another version has another key. No read is old.',
  },
  {
    name: 'outbox',
    title: 'Outbox + lease',
    description:
      'As lease, and each process shares its loads; a process that reads the changes from a table deletes copy and token.',
    settings: {
      store: 'redis',
      ttlMs: 3_600_000,
      invalidate: 'outbox',
      coalesce: 'process',
      gate: 'lease',
      lockTtlMs: 10_000,
      lockWaitMs: 5_000,
    },
    invalidation:
      'The invalidator deletes copy and token of every committed change, whoever made it, and makes up for what it missed. Old for as long as it lags: 200 ms and a moment, or a fault and a moment.',
  },
  {
    name: 'swr',
    title: 'Stale-while-revalidate',
    description:
      'Past its life (1 h ± 10 %) a page is sent for 60 s more while one load per process refreshes it.',
    settings: {
      store: 'redis',
      ttlMs: 3_600_000,
      jitter: 0.1,
      staleWhileRevalidateMs: 60_000,
      coalesce: 'process',
    },
    invalidation:
      'None: an old page may be sent for 3960 s, and 60 s more to the first reader after a silence.',
  },
  {
    name: 'refresh-ahead',
    title: 'Refresh-ahead',
    description:
      'A hit after 80 % of the life (1 h ± 10 %) starts one load per process behind the reader’s back.',
    settings: {
      store: 'redis',
      ttlMs: 3_600_000,
      jitter: 0.1,
      refreshAhead: 0.8,
      coalesce: 'process',
    },
    invalidation: 'None: an old page may be sent for 3960 s.',
  },
  {
    name: 'xfetch',
    title: 'XFetch, β = 1',
    description:
      'Each hit draws whether to refresh before the end (1 h ± 10 %), the likelier the nearer it is; nothing coalesces.',
    settings: { store: 'redis', ttlMs: 3_600_000, jitter: 0.1, xfetchBeta: 1 },
    invalidation: 'None: an old page may be sent for 3960 s.',
  },
  {
    name: 'jitter',
    title: 'TTL jitter',
    description: 'As cached, but each copy lives for 1 h ± 10 % at random.',
    settings: { store: 'redis', ttlMs: 3_600_000, jitter: 0.1 },
    invalidation: 'None: an old page may be sent for 3960 s.',
  },
  {
    name: 'negative',
    title: 'Absent stores, 300 s',
    description: 'As cached; that a store does not exist is kept for 300 s.',
    settings: { store: 'redis', ttlMs: 3_600_000, negativeTtlMs: 300_000 },
    invalidation:
      'None for pages: 3600 s. The note of an absent store goes when the store is announced, at the latest after 300 s.',
  },
  {
    name: 'bloom',
    title: 'Bloom filter',
    description:
      'As cached; who asks for a store that a filter of all stores does not know gets a 404 from it (room for 2,000, 1 % let through).',
    settings: {
      store: 'redis',
      ttlMs: 3_600_000,
      admission: { filter: 'bloom', capacity: 2000, falsePositiveRate: 0.01 },
    },
    invalidation: 'None: an old page may be sent until its 3600 s are over.',
  },
  {
    name: 'l1',
    title: 'Memory before Redis',
    description:
      'As invalidated; each process sends what it read from Redis for 1 s without asking again.',
    settings: {
      store: 'redis',
      ttlMs: 3_600_000,
      invalidate: 'delete',
      l1TtlMs: 1000,
      l1Bus: 'pubsub',
    },
    invalidation:
      'As invalidated; the other processes are told by PUBLISH. Where a message is lost they send the old page for up to 1 s more.',
  },
  {
    name: 'hardened',
    title: 'All together',
    description:
      'One load for all processes, ahead of the expiry; past it the old page for 60 s; on errors for 600 s more; who waited 1.5 s for a changed page gets the old one.',
    settings: {
      store: 'redis',
      ttlMs: 3_600_000,
      jitter: 0.1,
      coalesce: 'process',
      gate: 'lease',
      lockTtlMs: 10_000,
      lockWaitMs: 1_500,
      onLockTimeout: 'stale',
      refreshAhead: 0.9,
      staleWhileRevalidateMs: 60_000,
      staleIfErrorMs: 600_000,
      invalidate: 'outbox',
    },
    invalidation:
      'As outbox; who waits longer than 1.5 s gets the page as it was before the change, at most 10 s old: old for those 10 s and the lag of the invalidator.',
  },
  {
    name: 'static',
    title: 'Bytes from memory',
    description: 'The first page that was built, sent from the memory of the process: the bound.',
    settings: { store: 'memory' },
    invalidation: 'None, ever: the page stays as it is until the policy changes.',
  },
];
