import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchContext } from './bench-context.ts';
import { type CpuSeries, type CpuUse, cpuBetween, startCpuSampler } from './cpu.ts';
import { type Reduction, reduceK6 } from './k6/reduce.ts';
import { type K6Exit, runK6 } from './k6/run.ts';
import type { LoadResult } from './protocol.ts';
import type { Measurement, TrialEvent } from './result.ts';
import type { LoadSettings } from '../scenarios/lib/settings.ts';

/** Between two looks at the CPU. */
export const CPU_SAMPLE_MS = 250;
const UPDATE_PRICES: [number, number] = [120, 150];

/** What one k6 process is to do, and against whom. */
export interface DriveDesign {
  /** Folder of the load script under `scenarios/`. */
  experiment: string;
  baseUrls: readonly string[];
  arrivals: Measurement['arrivals'];
  ratePerSecond: number | null;
  virtualUsers: number;
  warmSeconds: number;
  measureSeconds: number;
  updatesPerSecond: number;
  countOutcomes: boolean;
  seed: number;
  extra?: Record<string, unknown>;
  /** Processes whose CPU is the server's. */
  serverPids: () => number[];
  /** Processes of Redis, as far as they are known. */
  redisPids: () => readonly number[];
  onMeasureBegins: () => void;
}

/** Everything that one k6 process saw, and the CPU beside it. */
export interface Driven extends LoadResult {
  exit: K6Exit;
  reduction: Reduction;
}

let drives = 0;

function one(pid: number | null): number[] {
  return pid === null ? [] : [pid];
}

/** Runs one k6 process to its end and reduces its samples. */
export async function drive(context: BenchContext, design: DriveDesign): Promise<Driven> {
  drives += 1;
  const outFile = join(context.scratchFolder, `k6-${drives}.json.gz`);
  const { postgres } = context.stack;
  let k6Pid: number | null = null;
  const sampler = startCpuSampler({
    groups: {
      server: design.serverPids,
      k6: () => one(k6Pid),
      postgres: () => one(postgres.pid),
      redis: () => design.redisPids(),
      lab: () => [process.pid],
    },
    intervalMs: CPU_SAMPLE_MS,
  });
  let series: CpuSeries = { samples: [] };
  const { arrivals, ratePerSecond, virtualUsers, warmSeconds, measureSeconds } = design;
  try {
    const exit = await runK6({
      bin: context.stack.k6.bin,
      script: join(context.root, 'scenarios', design.experiment, 'load.ts'),
      settings: settingsOf(context, design),
      outFile,
      supervisor: context.supervisor,
      onStart: (pid) => {
        k6Pid = pid;
      },
      onMeasureBegins: design.onMeasureBegins,
    }).finally(() => {
      series = sampler.stop();
    });
    const reduction = await reduceK6(outFile, { measureSeconds, ratePerSecond, arrivals });
    const { window } = reduction;
    const cpu = window === null ? null : cpuBetween(series, window.startMs, window.endMs);
    return {
      exit,
      reduction,
      window,
      pages: reduction.pages,
      measurement: {
        arrivals,
        offeredRatePerSecond: ratePerSecond,
        virtualUsers,
        warmSeconds,
        measureSeconds,
        counts: reduction.counts,
        histograms: reduction.histograms,
        clientOutcomes: reduction.clientOutcomes,
        cpu: cpuFigures(cpu, reduction, measureSeconds, {
          postgres: postgres.pid !== null,
          redis: design.redisPids().length > 0,
        }),
        events: reduction.events,
      },
    };
  } finally {
    rmSync(outFile, { force: true });
  }
}

function settingsOf(context: BenchContext, design: DriveDesign): LoadSettings {
  const { updatesPerSecond, extra } = design;
  return {
    baseUrl: design.baseUrls[0] ?? '',
    baseUrls: [...design.baseUrls],
    seed: design.seed,
    path: context.page.path,
    update:
      updatesPerSecond === 0
        ? null
        : { path: context.page.updatePath, prices: UPDATE_PRICES, perSecond: updatesPerSecond },
    arrivals: design.arrivals,
    ratePerSecond: design.ratePerSecond,
    virtualUsers: design.virtualUsers,
    warmSeconds: design.warmSeconds,
    measureSeconds: design.measureSeconds,
    countOutcomes: design.countOutcomes,
    ...(extra === undefined ? {} : { extra }),
  };
}

/** Notes of faults on the clock of the measured phase, among the events that k6 saw. */
export function withFaults(
  { measurement, window }: LoadResult,
  faults: readonly { epochMs: number; kind: TrialEvent['kind']; label: string }[],
): TrialEvent[] {
  const noted = faults.map(({ epochMs, kind, label }) => ({
    atSecond: (epochMs - (window?.startMs ?? epochMs)) / 1000,
    kind,
    label,
  }));
  return [...measurement.events, ...noted].sort((a, b) => a.atSecond - b.atSecond);
}

/** A service that we did not start has no pid that we know, so its CPU counts as foreign and its figure is null. */
function cpuFigures(
  use: CpuUse | null,
  reduction: Reduction,
  measureSeconds: number,
  known: { postgres: boolean; redis: boolean },
): Measurement['cpu'] {
  if (use === null) {
    return { microsPerRequest: null, cores: null, foreignShare: null, busyShare: null };
  }
  const cores = {
    server: use.cores['server'] ?? 0,
    postgres: known.postgres ? (use.cores['postgres'] ?? 0) : null,
    redis: known.redis ? (use.cores['redis'] ?? 0) : null,
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
