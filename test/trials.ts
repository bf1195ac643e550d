import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadSettings } from '../scenarios/lib/settings.ts';
import { buildDataset } from '../seed/dataset.ts';
import { seedDatabase } from '../seed/load.ts';
import { tableDigest } from '../seed/reset.ts';
import { type BenchContext, RESTAURANT } from '../lab/bench-context.ts';
import type { Arm, Experiment, Load } from '../lab/experiment.ts';
import type { Protocol } from '../lab/protocol.ts';
import { responseMs } from '../lab/measures.ts';
import { createSupervisor, type Supervisor } from '../lab/provision/supervisor.ts';
import type { FlagName, Measurement, TrialRecord } from '../lab/result.ts';
import { runTrial } from '../lab/trial.ts';
import { openSelectWitness } from '../lab/witness.ts';
import { freshDatabase, testStack } from './stack.ts';

/** What goes wrong in a trial: each part changes one process at the moment when the lab starts it. */
export interface Fault {
  /** Variables of the server process. */
  serverEnvironment?: Record<string, string>;
  /** Settings that k6 gets instead of the lab's. */
  load?: Partial<LoadSettings>;
  /** The script that k6 runs instead of the experiment's. */
  script?: string;
  /** Called when k6 was started. */
  onK6?: (server: { pid: number }) => void;
}

/** Flags of a moment in which the machine was too busy for the load: the bench repeats such trials. */
const BUSY: readonly FlagName[] = [
  'foreign-cpu',
  'host-busy',
  'start-lag',
  'dropped',
  'achieved-rate',
];

/** Makes single trials as the lab does, against real services. */
export interface Trials {
  /** One trial; as in the bench it is repeated once if the machine was too busy for it, unless a fault was planted. */
  run(
    design: Partial<Arm> & {
      load: Load;
      warmSeconds?: number;
      measureSeconds?: number;
      dbLatency?: string;
      flagsAsMeasures?: Experiment['flagsAsMeasures'];
      /** What the trial does, with the load script of the experiment of this name. */
      protocol?: Protocol;
      experiment?: string;
      pages?: false;
    },
    fault?: Fault,
  ): Promise<TrialRecord>;
  close(): Promise<void>;
}

/** A database of its own with the restaurant alone, and the lab's context around it. */
export async function openTrials(options: { stores?: number } = {}): Promise<Trials> {
  const { root, redisUrl, k6Bin, pgStatStatements } = await testStack();
  const database = await freshDatabase('trials');
  await seedDatabase({ url: database.url, seed: 1, stores: options.stores ?? 0 });
  const supervisor = createSupervisor({ root, label: 'test trials', handleSignals: false });
  const scratchFolder = join(supervisor.runFolder, 'scratch');
  mkdirSync(scratchFolder, { recursive: true });
  const witness = pgStatStatements ? await openSelectWitness(database.url) : null;
  const foreign = { origin: 'the tests', version: '0', owned: false, pid: null, process: null };
  const context: BenchContext = {
    root,
    runId: 'test',
    options: {
      experiments: [],
      profile: 'quick',
      arms: null,
      ratePerSecond: null,
      ttlSeconds: null,
      stores: 0,
      updatesPerSecond: null,
      seed: 1,
      dbLatency: '0',
    },
    stack: {
      postgres: { ...foreign, url: database.url, pgStatStatements },
      redis: { ...foreign, url: redisUrl, keyPrefix: 'trials:' },
      k6: { bin: k6Bin, origin: 'the tests', version: '0' },
    },
    supervisor,
    witness,
    restaurantDigest: await tableDigest(database.url),
    dataset: buildDataset(1, options.stores ?? 0),
    page: {
      path: `/stores/${RESTAURANT}/catalog`,
      updatePath: `/stores/${RESTAURANT}/products/1/update-price`,
    },
    scratchFolder,
  };
  const trial = (
    {
      warmSeconds = 0.5,
      measureSeconds = 1,
      dbLatency = '0',
      flagsAsMeasures = {},
      protocol,
      experiment = 'latency',
      pages,
      ...rest
    }: Parameters<Trials['run']>[0],
    fault: Fault,
    attempt: number,
  ): Promise<TrialRecord> => {
    const arm: Arm = {
      name: 'arm',
      title: 'arm of the test',
      policy: 'joined',
      role: 'baseline',
      cache: 'cold',
      expects: { selectsPerLoad: 1 },
      ...rest,
    };
    const design = { rounds: 1, warmSeconds, measureSeconds };
    return runTrial(
      {
        ...context,
        options: { ...context.options, dbLatency },
        supervisor: withFault(supervisor, fault),
      },
      {
        experiment: {
          ...experimentOf(experiment, arm, rest.load, flagsAsMeasures),
          ...(protocol === undefined ? {} : { protocol }),
          ...(pages === undefined ? {} : { pages }),
        },
        design,
        arms: [arm],
      },
      { experiment, arm: arm.name, round: 0, slot: 0, seed: 1 },
      attempt - 1,
      attempt,
    );
  };
  return {
    async run(design, fault) {
      const first = await trial(design, fault ?? {}, 1);
      return fault === undefined && wasBusy(first) ? trial(design, {}, 2) : first;
    },
    async close() {
      await supervisor.stopAll();
      await witness?.close();
      await database.drop();
    },
  };
}

function experimentOf(
  name: string,
  arm: Arm,
  load: Load,
  flagsAsMeasures: Experiment['flagsAsMeasures'],
): Experiment {
  const design = { rounds: 1, warmSeconds: 1, measureSeconds: 1 };
  return {
    name, // whose load script is used
    title: 'of the test',
    question: 'Is the fault seen?',
    arms: [arm],
    load,
    updatesPerSecond: 0,
    measures: [responseMs('p99Ms', 0.99, 'p99')],
    comparisons: [],
    profiles: { headline: design, quick: design, standard: design, full: design },
    flagsAsMeasures,
    answer: () => '',
    claims: () => [],
    caveats: [],
    charts: () => [],
  };
}

/** The lab's supervisor, which starts the same processes with the fault in them. */
function withFault(supervisor: Supervisor, fault: Fault): Supervisor {
  let serverPid = 0;
  return {
    ...supervisor,
    spawn(name, command, args, options = {}) {
      if (name !== 'k6' && name !== 'server') return supervisor.spawn(name, command, args, options);
      if (name === 'server') {
        const env = { ...options.env, ...fault.serverEnvironment };
        const server = supervisor.spawn(name, command, args, { ...options, env });
        serverPid = server.pid;
        return server;
      }
      const settings: LoadSettings = JSON.parse(options.env?.['CACHELAB_LOAD'] ?? '{}');
      const load = JSON.stringify({ ...settings, ...fault.load });
      const script = fault.script ?? args.at(-1)!;
      const k6 = supervisor.spawn(name, command, [...args.slice(0, -1), script], {
        ...options,
        env: { ...options.env, CACHELAB_LOAD: load },
      });
      fault.onK6?.({ pid: serverPid });
      return k6;
    },
  };
}

/** Whether nothing but a busy machine made the trial invalid. */
function wasBusy(record: TrialRecord): boolean {
  if (record.state !== 'invalid') return false;
  return invalidFlags(record).every((flag) => BUSY.includes(flag));
}

/** Names of the flags that make the trial invalid. */
export function invalidFlags(record: TrialRecord): FlagName[] {
  if (record.state === 'failed') throw new Error(`the trial failed: ${record.error}`);
  return record.flags.filter((one) => one.severity === 'invalid').map((one) => one.flag);
}

/** The measurement of a trial, which must have one. */
export function measurementOf(record: TrialRecord): Measurement {
  if (record.state !== 'failed' && record.measurement !== null) return record.measurement;
  throw new Error(record.state === 'failed' ? record.error : 'nothing was measured');
}
