import type { Arm, Load } from '../../lab/experiment.ts';

/** What becomes of the primary. */
export const FAULTS = {
  kill: 'killed',
  freeze: 'frozen for 8 s',
  cut: 'cut off for 8 s',
  command: 'told to step down',
} as const;
export type Fault = keyof typeof FAULTS;

export const TOPOLOGIES = {
  none: 'one Redis',
  replicated: 'replication, by hand',
  sentinel: 'Sentinel',
  cluster: 'Cluster',
} as const;
export type Topology = keyof typeof TOPOLOGIES;

/** Settings of the Redis client, of the server and of the writers alike. */
export const CLIENTS = { recommended: 'our settings', default: 'ioredis by itself' } as const;
export type ClientKind = keyof typeof CLIENTS;

export interface Cell {
  topology: Topology;
  fault: Fault;
  client: ClientKind;
}

/** Page views per second: what the database can bear without a cache, with the page in one statement. */
export const PAGES_PER_SECOND = 100;
/** Stores that are read; their pages lie on every shard of a cluster. */
export const STORES = 20;
/** From the beginning of the measured phase. */
export const FAULT_AT_MS = 2000;
/** How long a frozen or cut node is away. */
export const AWAY_MS = 8000;
/** After this a killed process is started again, as by the system's own supervisor: empty, for nothing is on disk. */
export const RESTART_AFTER_MS = 6000;
/** A human who promotes a replica needs minutes; this one watches. Also who starts a lone Redis again. */
export const OPERATOR_MS = 3000;

const LOAD: Extract<Load, { kind: 'open' }> = {
  kind: 'open',
  ratePerSecond: PAGES_PER_SECOND,
  arrivals: 'even',
  expectedP99Ms: 1000,
  virtualUsers: 200,
};
/** A client that waits makes the pages wait: up to 8 s of arrivals are under way at once. */
const WAITING_USERS = 900;

export const nameOf = ({ topology, fault, client }: Cell): string =>
  `${topology}-${fault}-${client}`;

const CELLS: Cell[] = (Object.keys(TOPOLOGIES) as Topology[]).flatMap((topology) =>
  (Object.keys(FAULTS) as Fault[])
    // There is nobody to fail over to.
    .filter((fault) => topology !== 'none' || fault !== 'command')
    .flatMap((fault) =>
      (Object.keys(CLIENTS) as ClientKind[]).map((client) => ({ topology, fault, client })),
    ),
);

/** @throws Error for the name of no arm. */
export function cellOf(arm: string): Cell {
  const found = CELLS.find((cell) => nameOf(cell) === arm);
  if (found === undefined) throw new Error(`no arm of failover: ${arm}`);
  return found;
}

/**
 * Seconds that are measured: until the old primary has been back for long enough to be told that it is one no more, which
 * Sentinel does about 10 s after its return, or for the default client's growing pauses to end with a lone Redis.
 */
export function measuredSeconds({ topology, fault }: Cell): number {
  if (fault === 'command') return 8;
  if (fault === 'kill') return 12;
  return topology === 'replicated' ? 14 : 22;
}

export const ARMS: Arm[] = CELLS.map((cell): Arm => {
  const { topology, fault, client } = cell;
  return {
    name: nameOf(cell),
    title: `${TOPOLOGIES[topology]}, ${FAULTS[fault]}, ${CLIENTS[client]}`,
    policy: 'cached',
    overrides: { query: 'joined' },
    role: 'candidate',
    cache: 'prime',
    redis: topology === 'none' ? 'own' : topology,
    ...(fault === 'cut' ? { links: ['redis'] } : {}),
    environment: { CACHELAB_REDIS_CLIENT: client },
    dbLatency: '5-10',
    expects: { selectsPerLoad: null },
    load: client === 'default' ? { ...LOAD, virtualUsers: WAITING_USERS } : LOAD,
  };
});
