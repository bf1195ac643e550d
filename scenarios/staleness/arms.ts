import type { Arm, Load } from '../../lab/experiment.ts';

/** Added to each round trip: the page takes about 0.17 s instead of 0.9 s, so that seconds hold many edits. */
const DB_LATENCY_MS = '1';
/** In the corner: the page takes longer than the time between two edits. */
const SLOW_LATENCY_MS = '5';
/** `short-ttl`'s 60 s, compressed so that a trial of seconds holds several lives of a copy. */
export const COMPRESSED_TTL_MS = 2000;

const READS_PER_SECOND = 40;
const EDITS_PER_SECOND = 2;
/** Reads and edits on ten stores, all together. */
const TEN = { stores: 10, readsPerSecond: 120, editsPerSecond: 6 };

/** A virtual user pauses for up to a second before each page: there must be as many as for pages of that length. */
const poisson = (ratePerSecond: number, expectedP99Ms: number): Load => ({
  kind: 'open',
  ratePerSecond,
  arrivals: 'poisson',
  expectedP99Ms,
});

/** One hot page, edited twice a second. */
function hot(policy: string, title: string, more: Partial<Arm> = {}): Arm {
  return {
    name: policy,
    title,
    policy,
    role: 'candidate',
    load: poisson(READS_PER_SECOND, 700),
    updatesPerSecond: EDITS_PER_SECOND,
    dbLatency: DB_LATENCY_MS,
    cache: 'prime',
    expects: { selectsPerLoad: 114 },
    ...more,
  };
}

/** Without a copy each read costs a page: fewer of them, or the machine is full. */
const loading = {
  cache: 'cold',
  load: poisson(READS_PER_SECOND / 2, 700),
} as const satisfies Partial<Arm>;

/** The same policies on ten stores of the platform, each read and edited a tenth as often. */
function ten(policy: string, title: string): Arm {
  return hot(policy, `${title}, ten stores`, {
    name: `ten-${policy}`,
    load: poisson(TEN.readsPerSecond, 600),
    updatesPerSecond: TEN.editsPerSecond,
    parameters: { stores: TEN.stores },
    // Their menus differ in size, and so do the costs of their pages.
    expects: { selectsPerLoad: null },
  });
}

/** A page that is edited faster than it is built. */
function fast(policy: string, title: string): Arm {
  return hot(policy, `${title}, edited faster than built`, {
    name: `fast-${policy}`,
    load: poisson(15, 3000),
    updatesPerSecond: 5,
    dbLatency: SLOW_LATENCY_MS,
  });
}

/** Prices are changed by psql: no server of the application knows. */
function psql(policy: string, title: string): Arm {
  return hot(policy, `${title}, edits by psql`, {
    name: `psql-${policy}`,
    parameters: { writer: 'psql' },
  });
}

export const ARMS: Arm[] = [
  hot('uncached', 'no cache', { ...loading, role: 'bound' }),
  hot('uncached', 'no cache, READ COMMITTED', {
    ...loading,
    name: 'read-committed',
    overrides: { isolation: 'read-committed' },
    role: 'bound',
  }),
  hot('cached', 'cache-aside, TTL 1 h, edits ignored'),
  hot('short-ttl', `TTL alone, compressed to ${COMPRESSED_TTL_MS / 1000} s`, {
    overrides: { ttlMs: COMPRESSED_TTL_MS },
  }),
  hot('invalidated', 'DEL after COMMIT', { role: 'baseline' }),
  hot('double-delete', 'DEL, and again 500 ms later'),
  hot('lock', 'DEL + lock'),
  hot('single-flight', 'DEL + single-flight'),
  hot('event-driven', 'trigger, NOTIFY, DEL'),
  hot('lease', 'DEL + lease'),
  hot('fence', 'DEL + version floor'),
  hot('version-key', 'version in the key', {
    // The version is asked for each time: one statement on a hit, 115 on a miss.
    expects: { selectsPerLoad: null, selectsPerHit: 1 },
  }),
  hot('outbox', 'outbox, DEL of copy and lease'),
  hot('hardened', 'all together'),
  ten('invalidated', 'DEL after COMMIT'),
  ten('event-driven', 'trigger, NOTIFY, DEL'),
  ten('lock', 'DEL + lock'),
  ten('lease', 'DEL + lease'),
  ten('fence', 'DEL + version floor'),
  ten('hardened', 'all together'),
  psql('invalidated', 'DEL after COMMIT'),
  psql('event-driven', 'trigger, NOTIFY, DEL'),
  psql('outbox', 'outbox'),
  fast('invalidated', 'DEL after COMMIT'),
  fast('lease', 'DEL + lease'),
  fast('fence', 'DEL + version floor'),
  fast('outbox', 'outbox'),
  fast('hardened', 'all together'),
];
