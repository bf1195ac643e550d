import type { Arm, Load } from '../../lab/experiment.ts';

/** What goes wrong, in the order of the rows. */
export const FAULTS = {
  none: 'nothing',
  'psql-edit': 'an edit by psql',
  'app-killed': 'app killed between COMMIT and DEL',
  'listener-killed': 'listener’s backend killed',
  'listener-black-hole': 'listener’s link swallows bytes',
  'invalidator-stopped': 'invalidator stopped',
  'invalidator-killed': 'invalidator killed, restarted',
  'invalidator-cut': 'Redis cut for the invalidator',
  'old-snapshot': 'Redis restarted with old data',
  'flushed-mid-fill': 'Redis flushed during a load',
  'redis-frozen': 'Redis frozen',
  'redis-down': 'Redis killed, restarted empty',
  'postgres-down': 'Postgres ends all sessions',
} as const;
export type Fault = keyof typeof FAULTS;

/** Columns of the matrix. */
export const POLICIES = [
  'short-ttl',
  'invalidated',
  'event-driven',
  'fence',
  'lease',
  'outbox',
  'hardened',
] as const;
export type MatrixPolicy = (typeof POLICIES)[number];

/** Stores that are read; each is changed once. */
export const STORES = 5;
export const LOAD: Extract<Load, { kind: 'open' }> = {
  kind: 'open',
  ratePerSecond: 50,
  arrivals: 'poisson',
  expectedP99Ms: 1000,
};
/** With many readers the load of another would soon replace what an overtaken load has filled. */
const FEW_READERS: Load = { ...LOAD, ratePerSecond: 10 };
/** In place of 60 s, so that its end is seen. */
const SHORT_TTL_MS = 2000;
/** From the write or the heal, whichever is later: a new connection, a poll of 0.2 s, the DEL, on a machine that is busy. */
const REPAIR_MS = 1200;
const LONGEST_LOAD_MS = 1000;

const ALL = POLICIES.filter((policy) => policy !== 'fence');
/** Those with a separate process; the fault does not touch the others. */
const PROCESS: MatrixPolicy[] = ['event-driven', 'outbox', 'hardened'];

const APPLIES: Record<Fault, readonly MatrixPolicy[]> = {
  none: ALL,
  'psql-edit': ALL,
  'app-killed': ALL,
  'listener-killed': PROCESS,
  'listener-black-hole': PROCESS,
  'invalidator-stopped': PROCESS,
  'invalidator-killed': PROCESS,
  'invalidator-cut': PROCESS,
  'old-snapshot': ALL,
  'flushed-mid-fill': ['invalidated', 'fence', 'lease', 'outbox', 'hardened'],
  'redis-frozen': ALL,
  'redis-down': ALL,
  // A change is only possible past the servers then; whoever waits for the server's own DEL has its row above.
  'postgres-down': ['short-ttl', ...PROCESS],
};

/** Faults that need a Redis which may be killed, frozen and flushed. */
const OWN_REDIS: readonly Fault[] = [
  'old-snapshot',
  'flushed-mid-fill',
  'redis-frozen',
  'redis-down',
];

export const nameOf = (policy: MatrixPolicy, fault: Fault): string => `${policy}-${fault}`;

/**
 * How long after the write, or after the heal where that is later, an old page may still be shown.
 * @returns ms; null: until the TTL of an hour, which no trial sees.
 */
export function boundMs(policy: MatrixPolicy, fault: Fault): number | null {
  switch (policy) {
    case 'short-ttl':
      return SHORT_TTL_MS + LONGEST_LOAD_MS;
    case 'outbox':
    case 'hardened':
      return REPAIR_MS;
    case 'lease':
      // As long as its own DEL is what is done, and Redis keeps what it did.
      return ['none', 'flushed-mid-fill', 'redis-down'].includes(fault) ? REPAIR_MS : null;
    case 'invalidated':
    case 'event-driven':
    case 'fence':
      return null;
    default:
      return policy satisfies never;
  }
}

export const ARMS: Arm[] = (Object.keys(FAULTS) as Fault[]).flatMap((fault) =>
  APPLIES[fault].map((policy): Arm => {
    const slow = fault === 'app-killed' || fault === 'flushed-mid-fill';
    return {
      name: nameOf(policy, fault),
      title: `${policy}: ${FAULTS[fault]}`,
      policy,
      overrides: {
        ...(policy === 'short-ttl' ? { ttlMs: SHORT_TTL_MS } : {}),
        // One slow statement instead of many.
        ...(fault === 'app-killed' ? { query: 'joined' } : {}),
      },
      parameters: { fault },
      role: 'candidate',
      cache: 'prime',
      expects: { selectsPerLoad: null },
      // The answer to COMMIT is on its way for as long: that is when the server is killed.
      dbLatency: slow ? (fault === 'app-killed' ? '250' : '20') : '0',
      ...(fault === 'app-killed' ? { processes: 2 } : {}),
      ...(fault === 'flushed-mid-fill' ? { load: FEW_READERS } : {}),
      ...(OWN_REDIS.includes(fault) ? { redis: 'own' as const } : {}),
    };
  }),
);
