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
    name: 'invalidated',
    title: 'Cache-aside + DEL',
    description: 'As cached; a price change deletes the copy after its COMMIT.',
    settings: { store: 'redis', ttlMs: 3_600_000, invalidate: 'delete' },
    invalidation:
      'The server that wrote deletes the copy after COMMIT. A load that began before may still fill the old page, for up to 3600 s; so may a DEL that Redis did not get.',
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
    name: 'static',
    title: 'Bytes from memory',
    description: 'The first page that was built, sent from the memory of the process: the bound.',
    settings: { store: 'memory' },
    invalidation: 'None, ever: the page stays as it is until the policy changes.',
  },
];
