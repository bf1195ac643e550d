import { join } from 'node:path';
import { mkdirSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { type K6Exit, runK6 } from '../../lab/k6/run.ts';
import { type Reduction, reduceK6 } from '../../lab/k6/reduce.ts';
import { judgeTrial } from '../../lab/validity.ts';
import type { Flag, Measurement, Outcome } from '../../lab/result.ts';
import type { Supervisor, SupervisedProcess } from '../../lab/provision/supervisor.ts';
import type { LoadSettings } from '../../scenarios/lib/settings.ts';

/** A page server in a process of its own, so that it can be frozen and killed. */
export interface Target {
  process: SupervisedProcess;
  baseUrl: string;
}

/** @param environment - `TARGET_…` variables of `target.mjs`. */
export async function startTarget(
  supervisor: Supervisor,
  environment: Record<string, string> = {},
): Promise<Target> {
  const child = supervisor.spawn(
    'target',
    process.execPath,
    [join(import.meta.dirname, 'target.mjs')],
    { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [port] = await once(child.child.stdout!, 'data');
  return { process: child, baseUrl: `http://127.0.0.1:${String(port).trim()}` };
}

/** What one k6 process did to a target, and how the lab judges it. */
export interface Driven {
  exit: K6Exit;
  reduction: Reduction;
  measurement: Measurement;
  flags: Flag[];
}

/** Runs the lab's own load script against a target, and judges the trial with the target as server. */
export async function drive(options: {
  supervisor: Supervisor;
  k6Bin: string;
  target: Target;
  settings: Partial<LoadSettings>;
  /** Replaces the lab's load script. */
  script?: string;
  expectedOutcomes?: Outcome[];
  onStart?: (pid: number) => void;
  onMeasureBegins?: () => void;
}): Promise<Driven> {
  const { supervisor, target } = options;
  const folder = join(supervisor.runFolder, 'k6-test');
  mkdirSync(folder, { recursive: true });
  const outFile = join(folder, `${Date.now()}.json.gz`);
  const settings: LoadSettings = {
    baseUrl: target.baseUrl,
    path: '/page',
    update: null,
    arrivals: 'even',
    ratePerSecond: 100,
    virtualUsers: 50,
    warmSeconds: 0.5,
    measureSeconds: 1,
    countOutcomes: true,
    ...options.settings,
  };
  let script = join(import.meta.dirname, '../../scenarios/latency/load.ts');
  if (options.script !== undefined) {
    script = join(folder, 'load.ts');
    writeFileSync(script, options.script);
  }
  const { onStart, onMeasureBegins } = options;
  const exit = await runK6({
    bin: options.k6Bin,
    script,
    settings,
    outFile,
    supervisor,
    ...(onStart && { onStart }),
    ...(onMeasureBegins && { onMeasureBegins }),
  });
  const reduction = await reduceK6(outFile, settings);
  const measurement = measurementOf(settings, reduction, await serverCounts(target));
  const flags = judgeTrial(measurement, {
    k6: exit,
    raw: reduction,
    expects: {
      selectsPerLoad: 0,
      outcomes: options.expectedOutcomes ?? ['hit'],
      outcomesTagged: settings.countOutcomes,
    },
    stateProblems: [],
    latencyClaim: true,
    flagsAsMeasures: {},
  });
  return { exit, reduction, measurement, flags };
}

type ServerCounts = Pick<Measurement['server'], 'requests' | 'outcomes'>;

async function serverCounts({ baseUrl }: Target): Promise<ServerCounts> {
  try {
    const response = await fetch(`${baseUrl}/stats`);
    // oxlint-disable-next-line no-unsafe-type-assertion -- our own target's answer
    return (await response.json()) as ServerCounts;
  } catch {
    return { requests: 0, outcomes: {} }; // The test killed it.
  }
}

function measurementOf(
  settings: LoadSettings,
  { counts, histograms, clientOutcomes, events }: Reduction,
  server: ServerCounts,
): Measurement {
  return {
    arrivals: settings.arrivals,
    offeredRatePerSecond: settings.ratePerSecond,
    virtualUsers: settings.virtualUsers,
    warmSeconds: settings.warmSeconds,
    measureSeconds: settings.measureSeconds,
    counts,
    histograms,
    clientOutcomes,
    server: {
      ...server,
      loads: 0,
      selects: 0,
      selectsWholeTrial: 0,
      poolMaxWaiting: 0,
      shed: 0,
      eventLoopDelayP99Ms: null,
      hdr: null,
      menuVersion: null,
    },
    postgres: null,
    cpu: { microsPerRequest: null, cores: null, foreignShare: null, busyShare: null },
    events,
    search: null,
  };
}
