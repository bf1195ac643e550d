import type { Client } from 'pg';
import type { Redis } from 'ioredis';
import type { Arm, ProfileDesign } from './experiment.ts';
import type { Findings, Measurement, TrialEvent } from './result.ts';
import type { RedisProgram } from './provision/redis.ts';
import type { RedisTopology } from './provision/redis-topology.ts';
import type { SpawnOptions, SupervisedProcess } from './provision/supervisor.ts';
import type { Journal, LabStats } from './server-protocol.ts';

/**
 * What an experiment does in one trial when that is more than a load on one page: expiring a key at a known moment, editing
 * dishes beside the readers, killing a process. The lab prepares the state and starts the servers, then calls `run`.
 */
export interface Protocol {
  /** Wall seconds that `run` takes, for the plan; default: warm-up and measured phase. */
  seconds?(arm: Arm, design: ProfileDesign): number;
  /**
   * One trial. Thrown errors make it `failed`.
   * @returns What it found, and one sentence for each reason for which the trial is not to be trusted.
   */
  run(hands: Hands): Promise<ProtocolResult>;
}

export interface ProtocolResult {
  /** The k6 process whose pages are the trial's measurement; null in an experiment without pages, and only there. */
  load: LoadResult | null;
  findings: Findings;
  /** Each makes the trial invalid (flag `wrong-state`): a simultaneity that was not reached, a fault that did not happen. */
  problems: string[];
}

/** What a protocol can do in its trial. */
export interface Hands {
  arm: Arm;
  design: ProfileDesign;
  seed: number;
  /** Seeded by the trial. */
  random: () => number;
  /** The server processes, all alike. */
  servers: readonly ServerHandle[];
  /** The process that deletes copies after changes, where the arm's policy has one. */
  invalidator: InvalidatorHandle | null;
  /** A connection to the trial's Redis for the lab itself; of a topology, to its first primary. */
  redis: Redis;
  /** Redis key of a store's page. */
  catalogKey(slug: string): string;
  /** The Redis of the trial's own, for arms with `redis: 'own'`. */
  ownRedis: OwnRedis | null;
  /** Between the servers and these services, for arms with `links`. */
  links: { redis: Link | null; postgres: Link | null };
  /** Whether the lab started Postgres: who uses up its connections, or restarts it, must not do so to a foreign one. */
  ownsPostgres: boolean;
  /** The nodes of the trial's own, for arms whose `redis` is a topology. */
  topology: RedisTopology | null;
  /** The program of which more servers can be started with `spawn`. @throws LabError `E_OWN_REDIS` */
  redisProgram(): Promise<RedisProgram>;
  /** Starts a process whose CPU counts as the trial's own. Ended at the end of the trial. */
  spawn(
    name: string,
    command: string,
    args: readonly string[],
    options?: SpawnOptions,
  ): SupervisedProcess;
  /** An empty folder, removed at the end of the trial. */
  folder(name: string): string;
  urls: { postgres: string; redis: string; keyPrefix: string };
  /** A connection to Postgres, closed at the end of the trial. */
  connect(): Promise<Client>;
  /** Starts another invalidator than the arm's, e.g. behind a link that can be cut. Ended at the end of the trial. */
  startInvalidator(options: {
    form: 'event-driven' | 'outbox';
    postgresUrl?: string;
    redisUrl?: string;
  }): Promise<InvalidatorHandle>;
  /** A TCP link on loopback in front of a service, that can be cut. Ended at the end of the trial. */
  link(url: string): Promise<Link>;
  /** Starts k6 with the experiment's `load.ts`. */
  load(design: LoadDesign): RunningLoad;
  /** Journals of all processes, in the order of `servers`. */
  journals(): Promise<Journal[]>;
  resetJournals(): Promise<void>;
  /** Sums over all processes. */
  stats(): Promise<LabStats>;
  /** Notes something for the time axes, at this moment of the measured phase. */
  event(kind: TrialEvent['kind'], label: string): void;
  /** Microseconds of the clock of all journals. */
  nowUs(): number;
  sleep(ms: number): Promise<void>;
}

/** How k6 is to load the servers. What is left out comes from the arm. */
export interface LoadDesign {
  /** `burst`: the script makes its own moments; its pages are timed from their actual start. */
  arrivals?: 'even' | 'poisson' | 'closed' | 'burst';
  ratePerSecond?: number | null;
  virtualUsers?: number;
  warmSeconds?: number;
  measureSeconds?: number;
  /** For the script: `settings.extra`. */
  extra?: Record<string, unknown>;
}

export interface RunningLoad {
  /** Resolves when k6 says that the measured phase begins; also when k6 ended without saying it. */
  measureBegins: Promise<void>;
  /** Resolves when k6 has ended and its samples are reduced. */
  done: Promise<LoadResult>;
}

export interface LoadResult {
  /** Without server, Postgres and search figures, which the lab adds at the end of the trial. */
  measurement: Omit<Measurement, 'server' | 'postgres' | 'search' | 'findings'>;
  /** The measured phase, epoch milliseconds; null without a measured page. */
  window: { startMs: number; endMs: number } | null;
  /** Every measured page: its scheduled start, epoch milliseconds, and its response time. Failed ones too. */
  pages: readonly { startMs: number; responseMs: number; failed: boolean }[];
}

export interface ServerHandle {
  baseUrl: string;
  pid: number;
  page(path: string, headers?: Record<string, string>): Promise<PageAnswer>;
  post(path: string, body?: unknown): Promise<{ status: number; text: string }>;
  freeze(): void;
  thaw(): void;
  /** SIGKILL. */
  kill(): Promise<void>;
}

export interface PageAnswer {
  status: number;
  outcome: string | null;
  /** SELECTs that this request ran. */
  selects: number | null;
  menuVersion: number | null;
  body: Buffer;
}

export interface InvalidatorHandle {
  pid: number;
  /** Its `/stats`: counters and lags. */
  stats(): Promise<Record<string, number>>;
  freeze(): void;
  thaw(): void;
  kill(): Promise<void>;
  /** After `kill`. */
  restart(): Promise<void>;
}

/** Bytes pass, or do not. */
export interface Link {
  /** The service's URL with this link's address. */
  url: string;
  /** Breaks all connections and refuses new ones. */
  cut(): void;
  /** Keeps connections open and lets no byte pass: nobody is told. */
  blackhole(): void;
  /** What the service sends arrives later by so many milliseconds: each round trip takes as much longer. 0: no longer. */
  delay(ms: number): void;
  /** Whole again, without a delay. */
  heal(): void;
}

export interface OwnRedis {
  url: string;
  pid: number;
  /** How many times as fast as ours its clock runs. */
  clockFactor: number;
  /** Why its clock is not as fast as the arm asks; null when it is. */
  clockProblem: string | null;
  freeze(): void;
  thaw(): void;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** On the same port, with the data folder as it is. */
  restart(): Promise<void>;
}
