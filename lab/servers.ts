import { PRESETS } from '../server/cache/presets.ts';
import type { BenchContext } from './bench-context.ts';
import type { Arm } from './experiment.ts';
import type { LabStats, PhaseStats } from './server-protocol.ts';
import {
  type PolicyAnswer,
  type ServerProcess,
  serviceEnvironment,
  startServer,
} from './server-process.ts';
import type { Services } from './trial-links.ts';
import { encodeHistogram, mergeHistograms } from './stats/histogram.ts';

/** The policy that a server gets: a preset, and what differs from it. */
export interface PolicyRequest {
  preset: string;
  overrides: Record<string, unknown>;
}

/** Policies whose life of a copy `--ttl` sets. */
const TTL_OPTION_POLICIES = ['cached', 'invalidated'];

/** The arm's policy, with the user's `--ttl` where it applies and the arm does not say otherwise. */
export function policyOf(arm: Arm, ttlSeconds: number | null): PolicyRequest {
  const ttl =
    ttlSeconds === null || !TTL_OPTION_POLICIES.includes(arm.policy)
      ? {}
      : { ttlMs: ttlSeconds * 1000 };
  return { preset: arm.policy, overrides: { ...ttl, ...arm.overrides } };
}

/** Value of one setting of a policy; undefined where the preset leaves it to its fallback. */
export function settingOf({ preset, overrides }: PolicyRequest, name: string): unknown {
  const settings: Record<string, unknown> =
    PRESETS.find((one) => one.name === preset)?.settings ?? {};
  return overrides[name] ?? settings[name];
}

/** One sentence per difference between the policy asked for and the one in force. */
export function policyProblems(wanted: PolicyRequest, found: PolicyAnswer): string[] {
  if (found.preset !== wanted.preset) return [`the policy is ${found.name}, not ${wanted.preset}`];
  return Object.entries(wanted.overrides).flatMap(([name, value]) => {
    const actual = JSON.stringify(found.settings[name]);
    const expected = JSON.stringify(value);
    return actual === expected ? [] : [`the policy has ${name} ${actual}, not ${expected}`];
  });
}

/** Starts the arm's server processes, all alike but for the seed of their draws. */
export async function startServers(
  context: BenchContext,
  setup: { arm: Arm; seed: number; policy: PolicyRequest; processes: number; journal: boolean },
  services: Services,
): Promise<ServerProcess[]> {
  const { arm, policy } = setup;
  const environment = {
    ...serviceEnvironment(services),
    CACHELAB_POLICY:
      Object.keys(policy.overrides).length === 0 ? policy.preset : JSON.stringify(policy),
    CACHELAB_DB_LATENCY: arm.dbLatency ?? context.options.dbLatency,
    // A slow page is what the uncached arms are; a warning for each would only cost CPU.
    CACHELAB_LOG: 'error',
    ...(arm.pool === 'unbounded' ? { CACHELAB_DB_MAX_WAIT_MS: 'unbounded' } : {}),
    ...(setup.journal ? { CACHELAB_JOURNAL: 'on' } : {}),
    ...arm.environment,
  };
  const started = await Promise.allSettled(
    Array.from({ length: setup.processes }, (_, index) =>
      startServer({
        root: context.root,
        supervisor: context.supervisor,
        program: arm.program ?? 'store',
        environment: { ...environment, CACHELAB_SEED: String(setup.seed + index) },
      }),
    ),
  );
  const servers = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = started.find((one) => one.status === 'rejected');
  if (failed !== undefined) {
    await Promise.all(servers.map((server) => server.stop()));
    throw failed.reason;
  }
  return servers;
}

/** The counters of several processes as if they were one. */
export function sumStats(all: readonly LabStats[]): LabStats {
  const total = (read: (stats: LabStats) => number): number =>
    all.reduce((sum, one) => sum + read(one), 0);
  const most = (read: (stats: LabStats) => number): number =>
    all.reduce((top, one) => Math.max(top, read(one)), 0);
  return {
    phases: {
      measure: sumPhases(all.map((one) => one.phases.measure)),
      other: sumPhases(all.map((one) => one.phases.other)),
    },
    selectsTotal: total((one) => one.selectsTotal),
    pool: {
      size: total((one) => one.pool.size),
      total: total((one) => one.pool.total),
      idle: total((one) => one.pool.idle),
      waiting: total((one) => one.pool.waiting),
      maxWaiting: most((one) => one.pool.maxWaiting),
      shed: total((one) => one.pool.shed),
    },
    redis: worstGuard(all),
    eventLoopDelayP99Ms: most((one) => one.eventLoopDelayP99Ms),
    menuVersions: mostOf(all.map((one) => one.menuVersions)),
    filter: all[0]?.filter ?? null,
    cacheEvents: sumRecords(all.map((one) => one.cacheEvents)),
  };
}

/** Of several processes the one that fares worst with Redis, and how often all of them have given it up. */
function worstGuard(all: readonly LabStats[]): LabStats['redis'] {
  const order = ['off', 'closed', 'half-open', 'open'] as const;
  const worst = Math.max(0, ...all.map(({ redis }) => order.indexOf(redis.circuit)));
  return {
    state: all.some(({ redis }) => redis.state === 'down') ? 'down' : 'up',
    circuit: order[worst]!,
    opened: all.reduce((sum, { redis }) => sum + redis.opened, 0),
  };
}

function sumPhases(all: readonly PhaseStats[]): PhaseStats {
  const total = (read: (phase: PhaseStats) => number): number =>
    all.reduce((sum, one) => sum + read(one), 0);
  const encoded = all.flatMap((one) => one.hdr ?? []);
  const [first = null] = encoded;
  return {
    requests: total((one) => one.requests),
    outcomes: sumRecords(all.map((one) => one.outcomes)),
    errors: total((one) => one.errors),
    shed: total((one) => one.shed),
    loads: total((one) => one.loads),
    selects: total((one) => one.selects),
    hdr: encoded.length > 1 ? encodeHistogram(mergeHistograms(encoded)) : first,
  };
}

function sumRecords(all: readonly Record<string, number>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const record of all) {
    for (const [name, value] of Object.entries(record)) sum[name] = (sum[name] ?? 0) + value;
  }
  return sum;
}

/** Versions only rise, so the highest that any process sent is the last. */
function mostOf(all: readonly Record<string, number>[]): Record<string, number> {
  const most: Record<string, number> = {};
  for (const record of all) {
    for (const [slug, version] of Object.entries(record)) {
      most[slug] = Math.max(most[slug] ?? 0, version);
    }
  }
  return most;
}
