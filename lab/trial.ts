import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { resetStores } from '../seed/reset-stores.ts';
import { resetRestaurant, tableDigest } from '../seed/reset.ts';
import type { BenchContext } from './bench-context.ts';
import { cpuBetween, startCpuSampler } from './cpu.ts';
import { CPU_SAMPLE_MS, drive, type DriveDesign, type Driven, withFaults } from './drive.ts';
import { LabError } from './errors.ts';
import type { Arm, Experiment, Load, ProfileDesign } from './experiment.ts';
import { openHands } from './hands.ts';
import { startInvalidator } from './invalidator-process.ts';
import { startOwnRedis, type TrialRedis } from './own-redis.ts';
import { loadOf, type PlannedTrial, virtualUsersOf } from './plan.ts';
import {
  type Flag,
  type Measurement,
  type Probe,
  RESULT_SCHEMA,
  type SearchResult,
  type TrialEvent,
  type TrialRecord,
} from './result.ts';
import type { InvalidatorHandle, OwnRedis, Protocol } from './protocol.ts';
import { type RedisTopology } from './provision/redis-topology.ts';
import { nextRate, searchResult } from './search.ts';
import type { LabStats } from './server-protocol.ts';
import { serviceEnvironment, type ServerProcess } from './server-process.ts';
import {
  policyOf,
  policyProblems,
  type PolicyRequest,
  settingOf,
  startServers,
  sumStats,
} from './servers.ts';
import { mergeHistograms } from './stats/histogram.ts';
import { plainQuantileMs, quantileMs } from './stats/quantile.ts';
import { startTopology } from './topology.ts';
import { openTrialLinks, type TrialLinks } from './trial-links.ts';
import { judgeDriver, judgeTrial } from './validity.ts';
import { type SelectCounts, selectsBetween } from './witness.ts';

/** Longest wait for loads that go on after the last answer. */
const REST_WITHIN_MS = 5_000;
const REST_POLL_MS = 20;

/** One arm's trial as the lab is about to run it. */
interface TrialSetup {
  experiment: Experiment;
  arm: Arm;
  policy: PolicyRequest;
  processes: number;
  design: ProfileDesign;
  load: Load;
  seed: number;
  updatesPerSecond: number;
}

/**
 * Makes one trial: a fresh server process, a declared state, one k6 process (several for a search), and
 * what all witnesses saw. Never throws for what a trial can do wrong: that is a record with state `failed`.
 * @param order - Position in the whole run. @param attempt - 1, or more for a repeated trial.
 */
export async function runTrial(
  context: BenchContext,
  plan: { experiment: Experiment; design: ProfileDesign; arms: readonly Arm[] },
  trial: PlannedTrial,
  order: number,
  attempt: number,
): Promise<TrialRecord> {
  const arm = plan.arms.find((one) => one.name === trial.arm)!;
  const startedAt = new Date();
  const identity = (): Omit<TrialRecord & { state: 'failed' }, 'state' | 'error'> => ({
    schema: RESULT_SCHEMA,
    runId: context.runId,
    experiment: trial.experiment,
    arm: trial.arm,
    round: trial.round,
    slot: trial.slot,
    order,
    attempt,
    seed: trial.seed,
    startedAt: startedAt.toISOString(),
    wallSeconds: (Date.now() - startedAt.getTime()) / 1000,
  });
  try {
    const { measurement, flags } = await measure(context, {
      experiment: plan.experiment,
      arm,
      policy: policyOf(arm, context.options.ttlSeconds),
      processes: context.options.serverProcesses ?? arm.processes ?? 1,
      design: plan.design,
      load: loadOf(plan.experiment, arm, context.options),
      seed: trial.seed,
      updatesPerSecond: updatesOf(context, plan.experiment, arm),
    });
    const invalid = flags.some((flag) => flag.severity === 'invalid');
    return { ...identity(), state: invalid ? 'invalid' : 'completed', measurement, flags };
  } catch (error) {
    if (context.supervisor.interrupted.aborted) throw error;
    const text = error instanceof Error ? error.message : String(error);
    return { ...identity(), state: 'failed', error: text };
  }
}

/** `--update-rate` changes the arms that have updates; the others stay without. */
function updatesOf(context: BenchContext, experiment: Experiment, arm: Arm): number {
  const declared = arm.updatesPerSecond ?? experiment.updatesPerSecond;
  return declared === 0 ? 0 : (context.options.updatesPerSecond ?? declared);
}

async function measure(
  context: BenchContext,
  setup: TrialSetup,
): Promise<{ measurement: Measurement; flags: Flag[] }> {
  const { experiment, arm } = setup;
  const { url } = context.stack.postgres;
  await resetRestaurant(url);
  if (experiment.protocol !== undefined) await resetStores(url, context.dataset);
  const stateProblems: string[] = [];
  const digest = await tableDigest(url);
  if (digest !== context.restaurantDigest) {
    stateProblems.push('the restaurant differs from the seeded rows');
  }
  const ownRedis =
    arm.redis === 'own'
      ? await startOwnRedis(context, arm.redisArgs ?? [], arm.redisClockFactor ?? 1)
      : null;
  const topology =
    arm.redis === undefined || arm.redis === 'own'
      ? null
      : await startTopology(
          context,
          arm.redis,
          arm.redisArgs ?? [],
          arm.links?.includes('redis') ?? false,
        );
  const redis = redisOf(context, ownRedis, topology);
  const { postgres } = context.stack;
  const linked = await openTrialLinks(arm, { postgres, redis });
  const { links } = linked;
  const servers: ServerProcess[] = [];
  let invalidator: Awaited<ReturnType<typeof startInvalidator>> | null = null;
  try {
    if (experiment.pages === false) {
      const parts = { servers, invalidator, ownRedis, topology, redis, links };
      const { measurement, problems } = await driverTrial(context, setup, parts);
      const flags = judgeDriver(measurement, [...stateProblems, ...problems], experiment);
      return { measurement, flags };
    }
    const journal = experiment.protocol !== undefined;
    servers.push(...(await startServers(context, { ...setup, journal }, linked.services)));
    const form = settingOf(setup.policy, 'invalidate');
    if (form === 'event-driven' || form === 'outbox') {
      const environment = serviceEnvironment({ postgres, redis });
      const { root, supervisor } = context;
      invalidator = await startInvalidator({ root, supervisor, form, environment });
    }
    stateProblems.push(...(await prepare(context, setup, servers)));
    const parts = { servers, invalidator, ownRedis, topology, redis, links };
    const driven =
      experiment.protocol === undefined
        ? await plainTrial(context, setup, parts)
        : await protocolTrial(context, setup, experiment.protocol, parts);
    stateProblems.push(...driven.problems, ...(await problemsAfter(setup, servers)));
    return { measurement: driven.measurement, flags: judge(setup, driven, stateProblems) };
  } finally {
    await invalidator?.stop();
    await Promise.all(servers.map((server) => server.stop()));
    await linked.close();
    await ownRedis?.stop();
    await topology?.stop();
  }
}

/** The Redis that the servers are told of. */
function redisOf(
  context: BenchContext,
  ownRedis: OwnRedis | null,
  topology: RedisTopology | null,
): TrialRedis {
  if (topology !== null) {
    const nodes = [...topology.nodes, ...topology.sentinels];
    return { url: topology.url, keyPrefix: '', pids: () => nodes.map(({ pid }) => pid) };
  }
  if (ownRedis !== null)
    return {
      url: ownRedis.url,
      keyPrefix: '',
      pids: () => [ownRedis.pid].filter((pid) => pid > 0),
    };
  const { url, keyPrefix, pid } = context.stack.redis;
  return { url, keyPrefix, pids: () => (pid === null ? [] : [pid]) };
}

/** What runs in a trial. */
interface Parts {
  servers: readonly ServerProcess[];
  invalidator: InvalidatorHandle | null;
  ownRedis: OwnRedis | null;
  topology: RedisTopology | null;
  redis: TrialRedis;
  links: TrialLinks['links'];
}

/** Everything that a trial gave. */
interface Outcome {
  measurement: Measurement;
  driven: Driven;
  problems: string[];
}

/** Brings cache and servers into the state that the arm declares, and proves it. */
async function prepare(
  context: BenchContext,
  setup: TrialSetup,
  servers: readonly ServerProcess[],
): Promise<string[]> {
  const { arm } = setup;
  const { selectsPerLoad, selectsPerHit = 0 } = arm.expects;
  const problems: string[] = [];
  for (const server of servers) {
    const notReady = await server.readiness();
    if (notReady !== null) problems.push(`the server is ${notReady}`);
    problems.push(...policyProblems(setup.policy, await server.policy()));
  }
  const [server] = servers;
  if (server === undefined) return ['no server runs'];
  await server.clearCache();
  const first = await server.page(context.page.path);
  if (first.status !== 200) problems.push(`the first page answered ${first.status}`);
  // `static` built its page when it started, so its first answer costs nothing.
  const costs = arm.policy === 'static' ? [0, selectsPerLoad] : [selectsPerLoad];
  if (selectsPerLoad !== null && !costs.includes(first.selects)) {
    problems.push(`the first page ran ${first.selects} SELECTs, not ${selectsPerLoad}`);
  }
  if (arm.cache === 'prime') {
    const second = await server.page(context.page.path);
    if (second.selects !== selectsPerHit) {
      problems.push(`the primed page ran ${second.selects} SELECTs, not ${selectsPerHit}`);
    }
    if (!isSamePage(arm, first.body, second.body))
      problems.push('a hit differs from the page that was built');
  }
  await Promise.all(servers.map((one) => one.resetStats()));
  if (setup.experiment.protocol !== undefined) {
    await Promise.all(servers.map((one) => one.resetJournal()));
  }
  return problems;
}

/** The same bytes; of a library that parses and writes anew, the same content. */
function isSamePage({ program }: Arm, built: Buffer, hit: Buffer): boolean {
  if (program !== 'peers') return hit.equals(built);
  return isDeepStrictEqual(JSON.parse(hit.toString()), JSON.parse(built.toString()));
}

/** Servers that a protocol killed do not answer any more, and need not. */
async function problemsAfter(
  setup: TrialSetup,
  servers: readonly ServerProcess[],
): Promise<string[]> {
  const living = servers.filter(
    ({ process: { child } }) => child.exitCode === null && child.signalCode === null,
  );
  const answers = await Promise.all(living.map((server) => server.policy()));
  return answers.flatMap((answer) =>
    policyProblems(setup.policy, answer).map((problem) => `${problem}, after the trial`),
  );
}

/** A load on one page, or a search for the highest rate. */
async function plainTrial(
  context: BenchContext,
  setup: TrialSetup,
  parts: Parts,
): Promise<Outcome> {
  const { load, arm } = setup;
  if (load.kind === 'search') return search(context, setup, load, parts);
  const outcome = await plainLoad(context, setup, parts, {
    arrivals: load.kind === 'open' ? load.arrivals : 'closed',
    ratePerSecond: load.kind === 'open' ? load.ratePerSecond : null,
    virtualUsers: virtualUsersOf(load),
  });
  if (arm.freeze !== undefined && !outcome.measurement.events.some(({ kind }) => kind === 'thaw')) {
    outcome.problems.push(
      'the server was not frozen: k6 did not say when the measured phase began',
    );
  }
  return outcome;
}

async function plainLoad(
  context: BenchContext,
  setup: TrialSetup,
  parts: Parts,
  load: Pick<DriveDesign, 'arrivals' | 'ratePerSecond' | 'virtualUsers'>,
): Promise<Outcome> {
  const { arm, design } = setup;
  const { servers, invalidator } = parts;
  const faults: Fault[] = [];
  let freezing: Promise<void> = Promise.resolve();
  const before = await context.witness?.read();
  const driven = await drive(context, {
    ...load,
    experiment: setup.experiment.name,
    baseUrls: servers.map((server) => server.baseUrl),
    warmSeconds: design.warmSeconds,
    measureSeconds: design.measureSeconds,
    updatesPerSecond: setup.updatesPerSecond,
    countOutcomes: setup.load.kind !== 'search',
    seed: setup.seed,
    serverPids: () => pidsOf(servers, invalidator),
    redisPids: () => parts.redis.pids(),
    onMeasureBegins: () => {
      if (arm.freeze !== undefined) freezing = freeze(servers, arm.freeze, faults);
    },
  });
  await freezing;
  const stats = await statsAtRest(async () =>
    sumStats(await Promise.all(servers.map((server) => server.stats()))),
  );
  const after = await context.witness?.read();
  return {
    driven,
    problems: [],
    measurement: {
      ...driven.measurement,
      events: withFaults(driven, faults),
      server: serverWitness(stats),
      postgres: postgresWitness(before, after),
      search: null,
    },
  };
}

/** The experiment's own protocol, with the lab's witnesses around it. */
async function protocolTrial(
  context: BenchContext,
  setup: TrialSetup,
  protocol: Protocol,
  parts: Parts,
): Promise<Outcome> {
  const before = await context.witness?.read();
  const opened = openHands(context, setup, parts);
  const { hands, drives, faults } = opened;
  try {
    const { load, findings, problems } = await protocol.run(hands);
    const stats = await statsAtRest(() => hands.stats());
    const after = await context.witness?.read();
    const driven = drives.find((one) => one === load);
    if (load === null || driven === undefined) {
      throw new LabError('E_PROTOCOL', 'the protocol gave back a load that it did not run');
    }
    return {
      driven,
      problems: [...problems],
      measurement: {
        ...driven.measurement,
        events: withFaults(driven, faults),
        server: serverWitness(stats),
        // Postgres has counted what a killed server had no time to tell.
        postgres: opened.killed.size > 0 ? null : postgresWitness(before, after),
        search: null,
        findings,
      },
    };
  } finally {
    await opened.close();
  }
}

/** A protocol that speaks to services itself: no page is asked for, so all that it has are its findings and the CPU beside it. */
async function driverTrial(
  context: BenchContext,
  setup: TrialSetup,
  parts: Parts,
): Promise<{ measurement: Measurement; problems: string[] }> {
  const { experiment, design } = setup;
  if (experiment.protocol === undefined)
    throw new LabError('E_EXPERIMENT', `${experiment.name} has neither pages nor a protocol`);
  const opened = openHands(context, setup, parts);
  const { pid } = context.stack.postgres;
  const sampler = startCpuSampler({
    groups: {
      redis: () => parts.redis.pids(),
      postgres: () => (pid === null ? [] : [pid]),
      lab: () => [process.pid],
      started: () => opened.started,
    },
    intervalMs: CPU_SAMPLE_MS,
  });
  const startMs = epochNow();
  try {
    const { findings, problems } = await experiment.protocol.run(opened.hands);
    const endMs = epochNow();
    const use = cpuBetween(sampler.stop(), startMs, endMs);
    return {
      problems,
      measurement: {
        ...withoutPages(design, (endMs - startMs) / 1000),
        cpu: {
          microsPerRequest: null,
          cores: use && {
            ...{ server: 0, k6: 0, redis: use.cores['redis'] ?? 0 },
            postgres: pid === null ? null : (use.cores['postgres'] ?? 0),
          },
          foreignShare: use?.foreignShare ?? null,
          busyShare: use?.busyShare ?? null,
        },
        events: opened.faults.map(({ epochMs, kind, label }) => ({
          ...{ atSecond: (epochMs - startMs) / 1000, kind, label },
        })),
        findings,
      },
    };
  } finally {
    sampler.stop();
    await opened.close();
  }
}

const epochNow = (): number => performance.timeOrigin + performance.now();

/** A measurement of no pages. */
function withoutPages({ warmSeconds }: ProfileDesign, measureSeconds: number): Measurement {
  const none = { requests: 0, outcomes: {}, loads: 0, selects: 0, selectsWholeTrial: 0, shed: 0 };
  return {
    ...{
      arrivals: 'burst',
      offeredRatePerSecond: null,
      virtualUsers: 0,
      warmSeconds,
      measureSeconds,
    },
    counts: {
      ...{ offered: 0, started: 0, completed: 0, failed: 0, shed: 0, dropped: 0 },
      ...{ scriptErrors: 0, newConnections: 0, bytesReceived: 0 },
    },
    ...{ histograms: [], clientOutcomes: {} },
    server: { ...none, poolMaxWaiting: 0, eventLoopDelayP99Ms: null, hdr: null, menuVersion: null },
    cpu: { microsPerRequest: null, cores: null, foreignShare: null, busyShare: null },
    ...{ postgres: null, events: [], search: null },
  };
}

/**
 * The counters once no page is loaded any more. A refresh behind the readers' backs goes on after the last answer, and
 * Postgres counts its SELECTs one by one, the server when it is done.
 */
async function statsAtRest(read: () => Promise<LabStats>): Promise<LabStats> {
  const deadlineMs = Date.now() + REST_WITHIN_MS;
  for (;;) {
    const stats = await read();
    const { total, idle, waiting } = stats.pool;
    if ((total === idle && waiting === 0) || Date.now() > deadlineMs) return stats;
    await sleep(REST_POLL_MS);
  }
}

function pidsOf(
  servers: readonly ServerProcess[],
  invalidator: InvalidatorHandle | null,
): number[] {
  return [
    ...servers.map((server) => server.process.pid),
    ...(invalidator === null ? [] : [invalidator.pid]),
  ];
}

interface Fault {
  epochMs: number;
  kind: TrialEvent['kind'];
  label: string;
}

async function freeze(
  servers: readonly ServerProcess[],
  { atSecond, seconds }: NonNullable<Arm['freeze']>,
  faults: Fault[],
): Promise<void> {
  await sleep(atSecond * 1000);
  for (const server of servers) server.process.freeze();
  faults.push({ epochMs: Date.now(), kind: 'freeze', label: `server frozen for ${seconds} s` });
  await sleep(seconds * 1000);
  for (const server of servers) server.process.thaw();
  faults.push({ epochMs: Date.now(), kind: 'thaw', label: 'server goes on' });
}

function serverWitness(stats: LabStats): Measurement['server'] {
  const { measure: measured } = stats.phases;
  return {
    requests: measured.requests,
    outcomes: measured.outcomes,
    loads: measured.loads,
    selects: measured.selects,
    selectsWholeTrial: stats.selectsTotal,
    poolMaxWaiting: stats.pool.maxWaiting,
    shed: measured.shed,
    eventLoopDelayP99Ms: stats.eventLoopDelayP99Ms,
    hdr: measured.hdr,
    menuVersion: stats.menuVersions['lao-zhang'] ?? null,
  };
}

function postgresWitness(
  before: SelectCounts | undefined,
  after: SelectCounts | undefined,
): Measurement['postgres'] {
  return before === undefined || after === undefined ? null : selectsBetween(before, after);
}

/** A search: one k6 process per probe against the same servers. Its measurement is that of the last passing probe. */
async function search(
  context: BenchContext,
  setup: TrialSetup,
  load: Extract<Load, { kind: 'search' }>,
  parts: Parts,
): Promise<Outcome> {
  const probes: Probe[] = [];
  let best: Outcome | null = null;
  let last: Outcome | null = null;
  for (;;) {
    const rate = nextRate(probes, load);
    if (rate === null) break;
    await Promise.all(parts.servers.map((server) => server.resetStats()));
    last = await plainLoad(context, setup, parts, {
      arrivals: 'even',
      ratePerSecond: rate,
      // Enough for every arrival of a probe that stays just within the limit.
      virtualUsers: Math.max(10, Math.ceil(rate * (load.p95LimitMs / 1000) * 1.5)),
    });
    const probe = judgeProbe(rate, load.p95LimitMs, last.measurement);
    probes.push(probe);
    if (probe.passed) best = last;
    if (last.driven.exit.timedOut) break;
  }
  const result: SearchResult = searchResult(probes);
  const chosen = best ?? last!;
  return { ...chosen, measurement: { ...chosen.measurement, search: result } };
}

function judgeProbe(ratePerSecond: number, p95LimitMs: number, measurement: Measurement): Probe {
  const { counts, histograms, cpu, measureSeconds } = measurement;
  const whole = histograms.find(
    (one) => one.metric === 'response' && one.outcome === 'all' && one.second === undefined,
  );
  const merged = whole === undefined ? null : mergeHistograms([whole.hdr]);
  const p95Ms = merged === null ? null : plainQuantileMs(merged, 0.95);
  const reasons: string[] = [];
  if (p95Ms === null) reasons.push('no answered page');
  else if (p95Ms > p95LimitMs) reasons.push(`p95 ${p95Ms.toFixed(0)} ms > ${p95LimitMs} ms`);
  if (counts.failed > counts.offered * 0.001) reasons.push(`${counts.failed} failed`);
  if (counts.dropped > 0) reasons.push(`${counts.dropped} arrivals dropped`);
  const achievedPerSecond = (counts.completed - counts.failed) / measureSeconds;
  if (achievedPerSecond < ratePerSecond * 0.99 - 1) {
    reasons.push(`achieved ${achievedPerSecond.toFixed(0)}/s`);
  }
  return {
    ratePerSecond,
    passed: reasons.length === 0,
    p95Ms,
    p99Ms: merged === null ? null : quantileMs(merged, 0.99, counts.dropped).ms,
    achievedPerSecond,
    dropped: counts.dropped,
    errors: counts.failed,
    serverCores: cpu.cores?.server ?? null,
    generatorCores: cpu.cores?.k6 ?? null,
    reasons,
  };
}

function judge(setup: TrialSetup, outcome: Outcome, stateProblems: string[]): Flag[] {
  const { arm, experiment, load } = setup;
  const { reduction, exit } = outcome.driven;
  const { truncated, unreadable } = reduction;
  const plain = experiment.protocol === undefined;
  return judgeTrial(outcome.measurement, {
    k6: exit,
    raw: { truncated, unreadable },
    expects: {
      selectsPerLoad: arm.expects.selectsPerLoad,
      // An arm with a primed cache must have met it; a protocol may be there to take it away.
      outcomes: plain && arm.cache === 'prime' ? ['hit'] : [],
      outcomesTagged:
        load.kind !== 'search' && (plain || Object.keys(reduction.clientOutcomes).length > 0),
    },
    stateProblems,
    latencyClaim: load.kind !== 'search',
    flagsAsMeasures: experiment.flagsAsMeasures,
  });
}
