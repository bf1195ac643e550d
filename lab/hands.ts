import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import type { BenchContext } from './bench-context.ts';
import type { DriveDesign, Driven } from './drive.ts';
import { drive } from './drive.ts';
import { LabError } from './errors.ts';
import type { Arm, Experiment, Load, ProfileDesign } from './experiment.ts';
import { startInvalidator } from './invalidator-process.ts';
import { openLink } from './link.ts';
import { ownRedisProgram, type TrialRedis } from './own-redis.ts';
import { virtualUsersOf } from './plan.ts';
import type {
  Hands,
  InvalidatorHandle,
  LoadDesign,
  OwnRedis,
  RunningLoad,
  ServerHandle,
} from './protocol.ts';
import type { RedisTopology } from './provision/redis-topology.ts';
import type { TrialEvent } from './result.ts';
import { seededRandom } from './seeded-random.ts';
import { serviceEnvironment, type ServerProcess } from './server-process.ts';
import { sumStats } from './servers.ts';

/** Hands for one trial, what they noted, and how to end all that they started. */
export interface TrialHands {
  hands: Hands;
  drives: readonly Driven[];
  /** Processes that the protocol started by itself. */
  started: readonly number[];
  faults: readonly { epochMs: number; kind: TrialEvent['kind']; label: string }[];
  /** Servers that the protocol killed: what they had counted is gone. */
  killed: ReadonlySet<ServerProcess>;
  close(): Promise<void>;
}

/** What a protocol can do in this trial; the servers run already. */
export function openHands(
  context: BenchContext,
  setup: {
    experiment: Experiment;
    arm: Arm;
    design: ProfileDesign;
    load: Load;
    seed: number;
    updatesPerSecond: number;
  },
  parts: {
    servers: readonly ServerProcess[];
    invalidator: InvalidatorHandle | null;
    ownRedis: OwnRedis | null;
    topology: RedisTopology | null;
    redis: TrialRedis;
    links: Hands['links'];
  },
): TrialHands {
  const { arm, design, load, seed } = setup;
  const { servers, ownRedis, topology, redis } = parts;
  const { postgres } = context.stack;
  const drives: Driven[] = [];
  const faults: { epochMs: number; kind: TrialEvent['kind']; label: string }[] = [];
  const closers: (() => Promise<unknown> | void)[] = [];
  const client = new Redis(topology?.nodes[0]?.url ?? redis.url, {
    maxRetriesPerRequest: 1,
    retryStrategy: (attempt) => Math.min(attempt * 50, 250),
  });
  client.on('error', () => {}); // protocols kill Redis: the next command tells
  closers.push(() => client.disconnect());
  const killed = new Set<ServerProcess>();
  const spawnedPids: number[] = [];
  const living = (): ServerProcess[] => servers.filter((server) => !killed.has(server));

  const handleOf = (server: ServerProcess): ServerHandle => ({
    baseUrl: server.baseUrl,
    pid: server.process.pid,
    page: (path, headers) => server.page(path, headers),
    post: (path, body) => server.post(path, body),
    freeze: () => server.process.freeze(),
    thaw: () => server.process.thaw(),
    async kill() {
      killed.add(server);
      await server.process.stop(0);
    },
  });

  const startLoad = (wanted: LoadDesign): RunningLoad => {
    const { promise: measureBegins, resolve: began } = withResolvers();
    const { updatesPerSecond } = setup;
    const full = driveDesign(setup.experiment.name, load, design, wanted);
    const done = drive(context, {
      ...full,
      seed,
      updatesPerSecond,
      baseUrls: living().map((server) => server.baseUrl),
      serverPids: () => [
        ...living().map((server) => server.process.pid),
        ...(parts.invalidator === null ? [] : [parts.invalidator.pid]),
      ],
      redisPids: () => redis.pids(),
      onMeasureBegins: began,
    })
      .then((driven) => {
        drives.push(driven);
        return driven;
      })
      .finally(began);
    done.catch(() => {}); // whoever awaits it hears of it; a protocol that failed before does not
    return { measureBegins, done };
  };

  const hands: Hands = {
    arm,
    design,
    seed,
    random: seededRandom(`${seed}/protocol`),
    servers: servers.map(handleOf),
    invalidator: parts.invalidator,
    redis: client,
    catalogKey: (slug) =>
      // The braces give the keys of a store one slot, as the server does.
      `${redis.keyPrefix}store_catalog:${topology?.kind === 'cluster' ? `{${slug}}` : slug}`,
    ownRedis,
    links: parts.links,
    ownsPostgres: postgres.owned,
    topology,
    redisProgram: () => ownRedisProgram(context),
    spawn(name, command, args, options) {
      const spawned = context.supervisor.spawn(name, command, args, options);
      closers.push(() => spawned.stop());
      spawnedPids.push(spawned.pid);
      return spawned;
    },
    folder(name) {
      const path = mkdtempSync(join(context.supervisor.runFolder, `${name}-`));
      closers.push(() => rmSync(path, { recursive: true, force: true }));
      return path;
    },
    urls: { postgres: postgres.url, redis: redis.url, keyPrefix: redis.keyPrefix },
    async connect() {
      const connection = new Client({
        connectionString: postgres.url,
        application_name: 'cachelab-lab',
      });
      connection.on('error', () => {});
      await connection.connect();
      closers.push(() => connection.end().catch(() => {}));
      return connection;
    },
    async startInvalidator({ form, postgresUrl, redisUrl }) {
      const started = await startInvalidator({
        root: context.root,
        supervisor: context.supervisor,
        form,
        environment: serviceEnvironment({
          postgres: { url: postgresUrl ?? postgres.url },
          redis: { url: redisUrl ?? redis.url, keyPrefix: redis.keyPrefix },
        }),
      });
      closers.push(() => started.stop());
      return started;
    },
    async link(url) {
      const link = await openLink(url);
      closers.push(() => link.close());
      return link;
    },
    load: startLoad,
    journals: () => Promise.all(living().map((server) => server.journal())),
    async resetJournals() {
      await Promise.all(living().map((server) => server.resetJournal()));
    },
    stats: async () => sumStats(await Promise.all(living().map((server) => server.stats()))),
    event: (kind, label) => {
      faults.push({ epochMs: Date.now(), kind, label });
    },
    nowUs: () => Number(process.hrtime.bigint() / 1000n),
    sleep: async (ms) => {
      await sleep(ms, undefined, { signal: context.supervisor.interrupted });
    },
  };
  return {
    hands,
    drives,
    started: spawnedPids,
    faults,
    killed,
    async close() {
      for (const close of closers.toReversed()) await close();
    },
  };
}

/** As `Promise.withResolvers` of Node 22. */
function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = noop;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

function noop(): void {}

type FromHands =
  | 'seed'
  | 'updatesPerSecond'
  | 'baseUrls'
  | 'serverPids'
  | 'redisPids'
  | 'onMeasureBegins';

/** The protocol's wishes; what they leave out is the arm's. */
function driveDesign(
  experiment: string,
  load: Load,
  design: ProfileDesign,
  wanted: LoadDesign,
): Omit<DriveDesign, FromHands> {
  if (load.kind === 'search') {
    throw new LabError('E_EXPERIMENT', `${experiment}: a protocol cannot drive a search`);
  }
  const arrivals = wanted.arrivals ?? (load.kind === 'open' ? load.arrivals : 'closed');
  const usualRate = load.kind === 'open' ? load.ratePerSecond : null;
  const scheduled = arrivals === 'even' || arrivals === 'poisson';
  return {
    experiment,
    arrivals,
    ratePerSecond: scheduled ? (wanted.ratePerSecond ?? usualRate) : null,
    virtualUsers: wanted.virtualUsers ?? virtualUsersOf(load),
    warmSeconds: wanted.warmSeconds ?? design.warmSeconds,
    measureSeconds: wanted.measureSeconds ?? design.measureSeconds,
    countOutcomes: true,
    ...(wanted.extra === undefined ? {} : { extra: wanted.extra }),
  };
}
