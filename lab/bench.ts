import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { buildDataset } from '../seed/dataset.ts';
import { seedDatabase } from '../seed/load.ts';
import { tableDigest } from '../seed/reset.ts';
import { analyseExperiment } from './analyse.ts';
import { type BenchContext, RESTAURANT } from './bench-context.ts';
import { readEnvironment } from './environment.ts';
import { EXIT, LabError } from './errors.ts';
import { EXPERIMENTS } from './experiments.ts';
import { generatorCeiling } from './generator-ceiling.ts';
import { type ExperimentPlan, planRun, type RunOptions } from './plan.ts';
import { duration, type Progress } from './progress.ts';
import { installPeers } from './peers.ts';
import { startStack } from './provision/stack.ts';
import type { Supervisor } from './provision/supervisor.ts';
import { openRecords, type RecordLog } from './records.ts';
import { type Environment, RESULT_SCHEMA, type RunResult, type TrialRecord } from './result.ts';
import { serviceEnvironment, startServer } from './server-process.ts';
import { attemptsOf, isSettled } from './settled.ts';
import { runTrial } from './trial.ts';
import { openSelectWitness } from './witness.ts';

/** `run.json`: what `--resume` and `report` need besides the records. */
export interface RunFile {
  schema: typeof RESULT_SCHEMA;
  runId: string;
  command: string;
  options: RunOptions;
  startedAt: string;
  /** Wall seconds of all sittings so far. */
  wallSeconds: number;
  finishedAt: string | null;
  resumed: number;
  environment: Environment;
  generatorCeilingPerSecond: number | null;
}

function runsFolder(root: string): string {
  return join(root, 'reports', 'runs');
}

/**
 * Runs a plan, or what is left of it, and returns the analysed result. Each trial is on disk before the
 * next one starts.
 * @param options.resume - Run id to take up again; its own options are used then.
 * @throws LabError
 */
export async function bench(options: {
  root: string;
  run: RunOptions;
  command: string;
  resume: string | null;
  /** With `resume`: what an earlier sitting gave up gets as many attempts again. */
  retryInvalid?: boolean;
  supervisor: Supervisor;
  progress: Progress;
}): Promise<{
  result: RunResult;
  records: readonly TrialRecord[];
  folder: string;
  exitCode: number;
}> {
  const { root, supervisor, progress } = options;
  const sittingStartMs = Date.now();
  const earlier = options.resume === null ? null : readRunFile(root, options.resume);
  const run = earlier?.options ?? options.run;
  const plans = planRun(EXPERIMENTS, run);
  const total = plans.reduce((sum, plan) => sum + plan.estimatedSeconds, 0);
  progress.line(`${describePlans(plans)}; about ${duration(total)} after the set-up`);

  if (plans.some(({ arms }) => arms.some(({ program }) => program === 'peers'))) {
    await installPeers(root, supervisor, (line) => progress.line(line));
  }
  const context = await setUp(root, run, supervisor, progress, earlier?.runId ?? null);
  const folder = join(runsFolder(root), context.runId);
  mkdirSync(folder, { recursive: true });
  const environment = await readEnvironment(root, context.stack, context.restaurantDigest);
  if (earlier !== null) checkSameMachine(earlier.environment, environment);
  const runFile: RunFile = {
    schema: RESULT_SCHEMA,
    runId: context.runId,
    command: earlier?.command ?? options.command,
    options: run,
    startedAt: earlier?.startedAt ?? new Date(sittingStartMs).toISOString(),
    wallSeconds: earlier?.wallSeconds ?? 0,
    finishedAt: null,
    resumed: earlier === null ? 0 : earlier.resumed + 1,
    environment: earlier?.environment ?? environment,
    generatorCeilingPerSecond: earlier?.generatorCeilingPerSecond ?? null,
  };
  writeRunFile(folder, runFile);

  // After each trial, so that the time of a sitting that is killed is not lost.
  const earlierSeconds = runFile.wallSeconds;
  const saveTime = (): void => {
    runFile.wallSeconds = earlierSeconds + (Date.now() - sittingStartMs) / 1000;
    writeRunFile(folder, runFile);
  };
  const log = openRecords(join(folder, 'records.ndjson'));
  try {
    if (runFile.generatorCeilingPerSecond === null && plans.some(usesSearch)) {
      runFile.generatorCeilingPerSecond = await generatorCeiling(context, progress);
      writeRunFile(folder, runFile);
    }
    await runPlans(context, plans, log, progress, saveTime, options.retryInvalid ?? false);
  } finally {
    await context.witness?.close();
  }
  runFile.finishedAt = new Date().toISOString();
  saveTime();
  const result = resultOf(runFile, plans, log.records);
  const primaryMissing = result.experiments.some((one) => one.armsWithoutData.length > 0);
  return {
    result,
    records: log.records,
    folder,
    exitCode: primaryMissing ? EXIT.invalid : EXIT.fine,
  };
}

/** The result of a run from its files alone: what `report` uses. */
export function loadRun(
  root: string,
  runId: string,
): { result: RunResult; records: readonly TrialRecord[]; folder: string } {
  const runFile = readRunFile(root, runId);
  const folder = join(runsFolder(root), runFile.runId);
  const { records } = openRecords(join(folder, 'records.ndjson'));
  return {
    result: resultOf(runFile, planRun(EXPERIMENTS, runFile.options), records),
    records,
    folder,
  };
}

function resultOf(
  runFile: RunFile,
  plans: readonly ExperimentPlan[],
  records: readonly TrialRecord[],
): RunResult {
  return {
    schema: RESULT_SCHEMA,
    runId: runFile.runId,
    profile: runFile.options.profile,
    seed: runFile.options.seed,
    command: runFile.command,
    startedAt: runFile.startedAt,
    finishedAt: runFile.finishedAt ?? runFile.startedAt,
    wallSeconds: runFile.wallSeconds,
    resumed: runFile.resumed,
    environment: runFile.environment,
    generatorCeilingPerSecond: runFile.generatorCeilingPerSecond,
    experiments: plans.map((plan) => analyseExperiment(plan, runFile.options, records)),
  };
}

const usesSearch = (plan: ExperimentPlan): boolean =>
  plan.arms.some((arm) => (arm.load ?? plan.experiment.load).kind === 'search');

function describePlans(plans: readonly ExperimentPlan[]): string {
  return plans
    .map(
      ({ experiment, arms, design, trials }) =>
        `${experiment.name}: ${design.rounds} rounds of ${arms.length} arms, ${trials.length} trials`,
    )
    .join('; ');
}

async function setUp(
  root: string,
  run: RunOptions,
  supervisor: Supervisor,
  progress: Progress,
  runId: string | null,
): Promise<BenchContext> {
  progress.now('setting up Postgres, Redis and k6');
  const stack = await startStack({
    root,
    supervisor,
    services: ['postgres', 'redis', 'k6'],
    onEvent: (line) => progress.line(line),
  });
  const { postgres, redis, k6 } = stack;
  if (postgres === null || redis === null || k6 === null) {
    throw new LabError('E_SERVICES_MISSING', 'a service is missing', { exitCode: 69 });
  }
  for (const [name, service] of Object.entries({ Postgres: postgres, Redis: redis, k6 })) {
    progress.line(`${name} ${service.version} (${service.origin})`);
  }
  const seeded = await seedDatabase({ url: postgres.url, seed: run.seed, stores: run.stores });
  progress.line(
    `${seeded.stores} stores with ${seeded.products} dishes loaded in ${seeded.seconds.toFixed(1)} s`,
  );
  if (!postgres.pgStatStatements) {
    progress.line('pg_stat_statements is not available here: SELECTs have one witness, not two');
  }
  const scratchFolder = join(supervisor.runFolder, 'scratch');
  mkdirSync(scratchFolder, { recursive: true });
  return {
    root,
    runId: runId ?? newRunId(root),
    options: run,
    stack: { postgres, redis, k6 },
    supervisor,
    witness: postgres.pgStatStatements ? await openSelectWitness(postgres.url) : null,
    restaurantDigest: await tableDigest(postgres.url),
    dataset: buildDataset(run.seed, run.stores),
    page: await findPage(root, supervisor, { postgres, redis }),
    scratchFolder,
  };
}

/** The page under test, and the dish of ¥150 whose price is edited: asked of a server once per run. */
async function findPage(
  root: string,
  supervisor: Supervisor,
  services: Parameters<typeof serviceEnvironment>[0],
): Promise<BenchContext['page']> {
  const path = `/stores/${RESTAURANT}/catalog`;
  const server = await startServer({
    root,
    supervisor,
    environment: {
      ...serviceEnvironment(services),
      CACHELAB_POLICY: 'joined',
      CACHELAB_DB_LATENCY: '0',
    },
  });
  try {
    const { body, status } = await server.page(path);
    if (status !== 200) throw new LabError('E_NO_PAGE', `${path} answered ${status}`);
    const catalog = JSON.parse(body.toString('utf8')) as {
      categories: { products: { id: number; price: number }[] }[];
    };
    const dish = catalog.categories
      .flatMap((category) => category.products)
      .find((product) => product.price === 150);
    if (dish === undefined) throw new LabError('E_NO_PAGE', 'no dish of ¥150 in the restaurant');
    return { path, updatePath: `/stores/${RESTAURANT}/products/${dish.id}/update-price` };
  } finally {
    await server.stop();
  }
}

async function runPlans(
  context: BenchContext,
  plans: readonly ExperimentPlan[],
  log: RecordLog,
  progress: Progress,
  afterTrial: () => void,
  retryInvalid: boolean,
): Promise<void> {
  const all = plans.flatMap((plan) => plan.trials.map((trial) => ({ plan, trial })));
  const before = retryInvalid ? log.records.length : 0;
  const left = all.filter(({ trial }) => !isSettled(log.records, before, trial));
  if (left.length < all.length) {
    progress.line(`${all.length - left.length} of ${all.length} trials are on record already`);
  }
  const startMs = Date.now();
  for (const [index, { plan, trial }] of left.entries()) {
    const leftSeconds = secondsLeft(left.slice(index), index, startMs);
    for (;;) {
      const attempt = attemptsOf(log.records, trial).length + 1;
      progress.now(
        `${trial.experiment} · round ${trial.round + 1} of ${plan.design.rounds} · ${trial.arm}` +
          `${attempt > 1 ? ` · repeated (${attempt})` : ''} · ${duration(leftSeconds)} left`,
      );
      const record = await runTrial(context, plan, trial, log.records.length, attempt);
      log.append(record);
      afterTrial();
      if (record.state !== 'completed') progress.line(describeTrouble(record));
      if (isSettled(log.records, before, trial)) break;
    }
  }
  progress.done();
}

/** Time left by the plan's estimate, scaled by how well it held so far. */
function secondsLeft(
  left: readonly { plan: ExperimentPlan }[],
  done: number,
  startMs: number,
): number {
  const each = left.map(({ plan }) => plan.estimatedSeconds / plan.trials.length);
  const estimate = each.reduce((sum, one) => sum + one, 0);
  if (done < 3) return estimate;
  const perTrial = (Date.now() - startMs) / 1000 / done;
  return Math.max(perTrial, 0) * left.length * 0.5 + estimate * 0.5;
}

function describeTrouble(record: TrialRecord): string {
  const where = `${record.experiment} round ${record.round + 1} ${record.arm}`;
  if (record.state === 'failed') return `${where} failed: ${record.error}`;
  const reasons = record.flags
    .filter((flag) => flag.severity === 'invalid')
    .map((flag) => `${flag.flag} (${flag.detail})`);
  return `${where} invalid: ${reasons.join('; ')}`;
}

function newRunId(root: string): string {
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(':', '').replace('T', '-');
  for (let suffix = 0; ; suffix += 1) {
    const runId = suffix === 0 ? stamp : `${stamp}-${suffix}`;
    if (!existsSync(join(runsFolder(root), runId))) return runId;
  }
}

function writeRunFile(folder: string, runFile: RunFile): void {
  // A kill must find the old file or the new one, not half of it.
  const path = join(folder, 'run.json');
  writeFileSync(`${path}.tmp`, `${JSON.stringify(runFile, null, 2)}\n`);
  renameSync(`${path}.tmp`, path);
}

function readRunFile(root: string, runId: string): RunFile {
  const folder = join(runsFolder(root), runId);
  const path = join(folder, 'run.json');
  if (!/^[\w.-]+$/.test(runId) || !existsSync(path)) {
    const known = existsSync(runsFolder(root)) ? readdirSync(runsFolder(root)).sort() : [];
    throw new LabError('E_UNKNOWN_RUN', `no run ${runId}`, {
      hint:
        known.length === 0
          ? 'there is no run yet: npm run bench'
          : `known: ${known.slice(-5).join(', ')}`,
      exitCode: EXIT.badArguments,
    });
  }
  const runFile = JSON.parse(readFileSync(path, 'utf8')) as RunFile;
  const schema: number = runFile.schema;
  if (schema !== RESULT_SCHEMA) {
    throw new LabError(
      'E_RUN_SCHEMA',
      `run ${runId} has schema ${schema}, this version reads ${RESULT_SCHEMA}`,
      {
        hint: 'read it with the cachelab version that made it',
      },
    );
  }
  return runFile;
}

/** A run goes on only where it began: figures of two machines do not mix. */
function checkSameMachine(before: Environment, now: Environment): void {
  const keys = ['cpuModel', 'cpuCount', 'kernel', 'node', 'datasetDigest', 'cachelab'] as const;
  const changed = keys.filter((key) => before[key] !== now[key]);
  const versions = (['k6', 'postgres', 'redis'] as const).filter(
    (key) => before[key].version !== now[key].version,
  );
  if (changed.length + versions.length === 0) return;
  throw new LabError(
    'E_RESUME_ELSEWHERE',
    `the run cannot go on here: ${[...changed, ...versions].join(', ')} changed since it began`,
    { hint: 'start a new run: npm run bench', exitCode: EXIT.badArguments },
  );
}
