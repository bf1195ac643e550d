import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { resetRestaurant, tableDigest } from '../seed/reset.ts';
import type { BenchContext } from './bench-context.ts';
import { type CpuSeries, type CpuUse, cpuBetween, startCpuSampler } from './cpu.ts';
import type { Arm, Experiment, Load, ProfileDesign } from './experiment.ts';
import { type Reduction, reduceK6 } from './k6/reduce.ts';
import { type K6Exit, runK6 } from './k6/run.ts';
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
import { nextRate, searchResult } from './search.ts';
import type { LabStats } from './server-protocol.ts';
import { serviceEnvironment, type ServerProcess, startServer } from './server-process.ts';
import { mergeHistograms } from './stats/histogram.ts';
import { plainQuantileMs, quantileMs } from './stats/quantile.ts';
import { judgeTrial } from './validity.ts';
import { type SelectCounts, selectsBetween } from './witness.ts';

const CPU_SAMPLE_MS = 250;
const UPDATE_PRICES: [number, number] = [120, 150];

/** One arm's trial as the lab is about to run it. */
interface TrialSetup {
  experiment: Experiment;
  arm: Arm;
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
  const { url } = context.stack.postgres;
  await resetRestaurant(url);
  const stateProblems: string[] = [];
  const digest = await tableDigest(url);
  if (digest !== context.restaurantDigest) {
    stateProblems.push('the restaurant differs from the seeded rows');
  }
  const server = await startServer({
    root: context.root,
    supervisor: context.supervisor,
    environment: serverEnvironment(context, setup),
  });
  try {
    stateProblems.push(...(await prepare(context, setup, server)));
    const driven =
      setup.load.kind === 'search'
        ? await search(context, setup, setup.load, server)
        : await drive(context, setup, server, setup.load);
    const policyAfter = await server.policy();
    if (policyAfter !== setup.arm.policy) {
      stateProblems.push(`the policy became ${policyAfter} during the trial`);
    }
    const { events } = driven.measurement;
    if (setup.arm.freeze !== undefined && !events.some((event) => event.kind === 'thaw')) {
      stateProblems.push('the server was not frozen: k6 did not say when the measured phase began');
    }
    return { measurement: driven.measurement, flags: judge(setup, driven, stateProblems) };
  } finally {
    await server.stop();
  }
}

function serverEnvironment(context: BenchContext, setup: TrialSetup): Record<string, string> {
  const { stack, options } = context;
  const { arm } = setup;
  const policy =
    options.ttlSeconds === null || !['cached', 'invalidated'].includes(arm.policy)
      ? arm.policy
      : JSON.stringify({ preset: arm.policy, overrides: { ttlMs: options.ttlSeconds * 1000 } });
  return {
    ...serviceEnvironment(stack),
    CACHELAB_POLICY: policy,
    CACHELAB_DB_LATENCY: options.dbLatency,
    CACHELAB_SEED: String(setup.seed),
    // A slow page is what the uncached arms are; a warning for each would only cost CPU.
    CACHELAB_LOG: 'error',
    ...(arm.pool === 'unbounded' ? { CACHELAB_DB_MAX_WAIT_MS: 'unbounded' } : {}),
  };
}

/** Brings cache and server into the state that the arm declares, and proves it. */
async function prepare(
  context: BenchContext,
  setup: TrialSetup,
  server: ServerProcess,
): Promise<string[]> {
  const { arm } = setup;
  const problems: string[] = [];
  const notReady = await server.readiness();
  if (notReady !== null) problems.push(`the server is ${notReady}`);
  const policy = await server.policy();
  if (policy !== arm.policy) problems.push(`the policy is ${policy}, not ${arm.policy}`);
  await server.clearCache();
  const first = await server.page(context.page.path);
  if (first.status !== 200) problems.push(`the first page answered ${first.status}`);
  // `static` built its page when it started, so its first answer costs nothing.
  const costs =
    arm.policy === 'static' ? [0, arm.expects.selectsPerLoad] : [arm.expects.selectsPerLoad];
  if (first.selects === null || !costs.includes(first.selects)) {
    problems.push(`the first page ran ${first.selects} SELECTs, not ${arm.expects.selectsPerLoad}`);
  }
  if (arm.cache === 'prime') {
    const second = await server.page(context.page.path);
    if (second.selects !== 0) {
      problems.push(`the primed page ran ${second.selects} SELECTs, not 0`);
    }
    if (!second.body.equals(first.body))
      problems.push('a hit differs from the page that was built');
  }
  await server.resetStats();
  return problems;
}

/** Everything that one k6 process and its witnesses saw. */
interface Driven {
  measurement: Measurement;
  exit: K6Exit;
  reduction: Reduction;
}

async function drive(
  context: BenchContext,
  setup: TrialSetup,
  server: ServerProcess,
  load: Exclude<Load, { kind: 'search' }>,
): Promise<Driven> {
  const { arm, design } = setup;
  const outFile = join(context.scratchFolder, 'k6.json.gz');
  rmSync(outFile, { force: true });
  const ratePerSecond = load.kind === 'open' ? load.ratePerSecond : null;
  const arrivals = load.kind === 'open' ? load.arrivals : 'closed';
  const virtualUsers = virtualUsersOf(load);
  const before = await context.witness?.read();
  let k6Pid: number | null = null;
  const { postgres, redis } = context.stack;
  const sampler = startCpuSampler({
    groups: {
      server: () => [server.process.pid],
      k6: () => (k6Pid === null ? [] : [k6Pid]),
      postgres: () => (postgres.pid === null ? [] : [postgres.pid]),
      redis: () => (redis.pid === null ? [] : [redis.pid]),
      lab: () => [process.pid],
    },
    intervalMs: CPU_SAMPLE_MS,
  });
  const faults: { epochMs: number; kind: 'freeze' | 'thaw'; label: string }[] = [];
  let freezing: Promise<void> = Promise.resolve();
  let series: CpuSeries = { samples: [] };
  const exit = await runK6({
    bin: context.stack.k6.bin,
    script: join(context.root, 'scenarios', setup.experiment.name, 'load.ts'),
    settings: {
      baseUrl: server.baseUrl,
      baseUrls: [server.baseUrl],
      seed: setup.seed,
      path: context.page.path,
      update:
        setup.updatesPerSecond === 0
          ? null
          : {
              path: context.page.updatePath,
              prices: UPDATE_PRICES,
              perSecond: setup.updatesPerSecond,
            },
      arrivals,
      ratePerSecond,
      virtualUsers,
      warmSeconds: design.warmSeconds,
      measureSeconds: design.measureSeconds,
      countOutcomes: setup.load.kind !== 'search',
    },
    outFile,
    supervisor: context.supervisor,
    onStart: (pid) => {
      k6Pid = pid;
    },
    onMeasureBegins: () => {
      if (arm.freeze !== undefined) freezing = freeze(server, arm.freeze, faults);
    },
  }).finally(() => {
    series = sampler.stop();
  });
  await freezing;
  const stats = await server.stats();
  const after = await context.witness?.read();
  const reduction = await reduceK6(outFile, {
    measureSeconds: design.measureSeconds,
    ratePerSecond,
    arrivals,
  });
  const { window } = reduction;
  const cpu = window === null ? null : cpuBetween(series, window.startMs, window.endMs);
  const events: TrialEvent[] = [
    ...reduction.events,
    ...faults.map(({ epochMs, kind, label }) => ({
      atSecond: (epochMs - (window?.startMs ?? epochMs)) / 1000,
      kind,
      label,
    })),
  ];
  return {
    exit,
    reduction,
    measurement: {
      arrivals,
      offeredRatePerSecond: ratePerSecond,
      virtualUsers,
      warmSeconds: design.warmSeconds,
      measureSeconds: design.measureSeconds,
      counts: reduction.counts,
      histograms: reduction.histograms,
      clientOutcomes: reduction.clientOutcomes,
      server: serverWitness(stats),
      postgres: postgresWitness(before, after),
      cpu: cpuFigures(cpu, reduction, design.measureSeconds, context),
      events: events.sort((a, b) => a.atSecond - b.atSecond),
      search: null,
    },
  };
}

async function freeze(
  server: ServerProcess,
  { atSecond, seconds }: NonNullable<Arm['freeze']>,
  faults: { epochMs: number; kind: 'freeze' | 'thaw'; label: string }[],
): Promise<void> {
  await sleep(atSecond * 1000);
  server.process.freeze();
  faults.push({ epochMs: Date.now(), kind: 'freeze', label: `server frozen for ${seconds} s` });
  await sleep(seconds * 1000);
  server.process.thaw();
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

/** A service that we did not start has no pid that we know, so its CPU counts as foreign and its figure is null. */
function cpuFigures(
  use: CpuUse | null,
  reduction: Reduction,
  measureSeconds: number,
  context: BenchContext,
): Measurement['cpu'] {
  if (use === null) {
    return { microsPerRequest: null, cores: null, foreignShare: null, busyShare: null };
  }
  const { postgres, redis } = context.stack;
  const cores = {
    server: use.cores['server'] ?? 0,
    postgres: postgres.pid === null ? null : (use.cores['postgres'] ?? 0),
    redis: redis.pid === null ? null : (use.cores['redis'] ?? 0),
    k6: use.cores['k6'] ?? 0,
  };
  const { completed } = reduction.counts;
  const perRequest = (value: number): number => (value * measureSeconds * 1e6) / completed;
  return {
    cores,
    microsPerRequest:
      completed === 0
        ? null
        : {
            server: perRequest(cores.server),
            postgres: cores.postgres === null ? null : perRequest(cores.postgres),
            redis: cores.redis === null ? null : perRequest(cores.redis),
            k6: perRequest(cores.k6),
          },
    foreignShare: use.foreignShare,
    busyShare: use.busyShare,
  };
}

/** A search: one k6 process per probe against one server. Its measurement is that of the last passing probe. */
async function search(
  context: BenchContext,
  setup: TrialSetup,
  load: Extract<Load, { kind: 'search' }>,
  server: ServerProcess,
): Promise<Driven> {
  const probes: Probe[] = [];
  let best: Driven | null = null;
  let last: Driven | null = null;
  for (;;) {
    const rate = nextRate(probes, load);
    if (rate === null) break;
    await server.resetStats();
    last = await drive(context, setup, server, {
      kind: 'open',
      ratePerSecond: rate,
      arrivals: 'even',
      expectedP99Ms: 0,
      // Enough for every arrival of a probe that stays just within the limit.
      virtualUsers: Math.max(10, Math.ceil(rate * (load.p95LimitMs / 1000) * 1.5)),
    });
    const probe = judgeProbe(rate, load.p95LimitMs, last);
    probes.push(probe);
    if (probe.passed) best = last;
    if (last.exit.timedOut) break;
  }
  const result: SearchResult = searchResult(probes);
  const chosen = best ?? last!;
  return { ...chosen, measurement: { ...chosen.measurement, search: result } };
}

function judgeProbe(ratePerSecond: number, p95LimitMs: number, driven: Driven): Probe {
  const { counts, histograms, cpu, measureSeconds } = driven.measurement;
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

function judge(setup: TrialSetup, driven: Driven, stateProblems: string[]): Flag[] {
  const { arm, experiment, load } = setup;
  const { truncated, unreadable } = driven.reduction;
  return judgeTrial(driven.measurement, {
    k6: driven.exit,
    raw: { truncated, unreadable },
    expects: {
      selectsPerLoad: arm.expects.selectsPerLoad,
      // An arm with a primed cache must have met it.
      outcomes: arm.cache === 'prime' ? ['hit'] : [],
      outcomesTagged: load.kind !== 'search',
    },
    stateProblems,
    latencyClaim: load.kind !== 'search',
    flagsAsMeasures: experiment.flagsAsMeasures,
  });
}
