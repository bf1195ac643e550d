import type { Arm, Load } from '../../lab/experiment.ts';

/** What goes wrong, in the order of the rows. */
export const FAULTS = {
  'redis-killed': 'Redis killed, back empty',
  'redis-frozen': 'Redis frozen',
  'redis-slow-5': 'Redis slower by 5 ms',
  'redis-slow-50': 'Redis slower by 50 ms',
  'redis-slow-500': 'Redis slower by 500 ms',
  'redis-flapping': 'Redis away every other half second',
  'postgres-slow': 'Postgres slower by 800 ms',
  'postgres-exhausted': 'Postgres: all connections taken',
  'postgres-restarted': 'Postgres: sessions ended, refused for a while',
  'both-away': 'Redis killed, Postgres cut off',
} as const;
export type Fault = keyof typeof FAULTS;

/** Each adds to the one before. */
export const PROTECTIONS = {
  none: 'no protection',
  timeout: 'timeouts',
  breaker: '+ circuit breaker',
  shedding: '+ shedding',
  full: '+ old pages',
} as const;
export type Protection = keyof typeof PROTECTIONS;

export const nameOf = (protection: Protection, fault: Fault): string => `${protection}-${fault}`;

export const STORES = 20;
export const PAGES_PER_SECOND = 100;
export const POOL_SIZE = 20;

/** Longest wait for one Redis command. A page that misses needs two. */
const REDIS_TIMEOUT_MS = 150;
/** Longest time for one statement, and for opening a connection. */
const DB_TIMEOUT_MS = 250;
/** Longest wait for a free connection. */
const DB_WAIT_MS = 150;
/** The server's own timer comes first; the client's, for a server that does not answer, is a fifth longer. */
const STATEMENT_MS = DB_TIMEOUT_MS * 1.2;

/** All that one page may wait by the configuration of the protected arms, when these services do not answer. */
export function configuredMs(fault: Fault): number {
  const database = DB_WAIT_MS + DB_TIMEOUT_MS + STATEMENT_MS;
  if (fault === 'both-away') return REDIS_TIMEOUT_MS + database;
  return fault.startsWith('redis') ? REDIS_TIMEOUT_MS : database;
}

/** Short lives of 1 to 3 s, so that each fault meets pages that have to be loaded: a tenth of them, in any undisturbed second. */
const COPIES = { query: 'joined', ttlMs: 2000, jitter: 0.5 };
const OLD_PAGES_MS = 600_000;

const ENVIRONMENTS: Record<Protection, Record<string, string>> = {
  none: {
    CACHELAB_REDIS_CLIENT: 'default',
    CACHELAB_REDIS_BREAKER: 'off',
    CACHELAB_DB_TIMEOUT_MS: 'unbounded',
  },
  timeout: { CACHELAB_REDIS_BREAKER: 'off' },
  breaker: {},
  shedding: { CACHELAB_DB_MAX_WAIT_MS: String(DB_WAIT_MS) },
  full: { CACHELAB_DB_MAX_WAIT_MS: String(DB_WAIT_MS) },
};

/** Users enough for all who come while pages hang. */
const USERS: Record<Protection, number> = {
  none: 700,
  timeout: 400,
  breaker: 400,
  shedding: 200,
  full: 200,
};

export const LOAD: Extract<Load, { kind: 'open' }> = {
  kind: 'open',
  ratePerSecond: PAGES_PER_SECOND,
  arrivals: 'even',
  expectedP99Ms: 500,
};

/** Faults of the process itself; the others are made in the link in front of it. */
const OWN_REDIS: readonly Fault[] = ['redis-killed', 'redis-frozen', 'both-away'];

function linksOf(fault: Fault): NonNullable<Arm['links']> {
  if (fault === 'both-away' || fault.startsWith('postgres')) return ['postgres'];
  return OWN_REDIS.includes(fault) ? [] : ['redis'];
}

export const ARMS: Arm[] = (Object.keys(FAULTS) as Fault[]).flatMap((fault) =>
  (Object.keys(PROTECTIONS) as Protection[]).map(
    (protection): Arm => ({
      name: nameOf(protection, fault),
      title: `${FAULTS[fault]}: ${PROTECTIONS[protection]}`,
      policy: 'cached',
      overrides:
        protection === 'full'
          ? {
              ...COPIES,
              l1TtlMs: 500,
              l1StaleIfErrorMs: OLD_PAGES_MS,
              staleIfErrorMs: OLD_PAGES_MS,
            }
          : COPIES,
      environment: {
        CACHELAB_DB_POOL: String(POOL_SIZE),
        CACHELAB_REDIS_TIMEOUT_MS: String(REDIS_TIMEOUT_MS),
        CACHELAB_DB_TIMEOUT_MS: String(DB_TIMEOUT_MS),
        ...ENVIRONMENTS[protection],
      },
      pool: protection === 'shedding' || protection === 'full' ? 'shed' : 'unbounded',
      parameters: { fault, protection },
      load: { ...LOAD, virtualUsers: USERS[protection] },
      links: linksOf(fault),
      ...(OWN_REDIS.includes(fault) ? { redis: 'own' as const } : {}),
      role: protection === 'none' ? 'baseline' : 'candidate',
      cache: 'cold',
      dbLatency: '5',
      expects: { selectsPerLoad: null },
    }),
  ),
);
