import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts CPU time for user space in hundredths of a second (USER_HZ), on every common platform. */
const MS_PER_TICK = 10;

/** CPU time of one process as `/proc/PID/stat` gives it, in ticks. */
export interface ProcessTicks {
  pid: number;
  parent: number;
  /** Tells a process from a later one with the same pid. */
  startedAt: number;
  /** All its threads. */
  own: number;
  /** Its children that ended and were waited for, their children included. */
  reaped: number;
}

/** All counters at one moment; `groups` and the machine's counters only ever grow. */
export interface CpuSample {
  epochMs: number;
  /** Ticks of all cores that were not idle, time stolen by the hypervisor included. */
  busyTicks: number;
  /** Ticks of all cores, idle ones included. */
  totalTicks: number;
  groupTicks: Record<string, number>;
}

/** What `startCpuSampler` collected; empty on systems without `/proc`. */
export interface CpuSeries {
  samples: CpuSample[];
}

export interface CpuSampler {
  /** Takes a last sample and ends the sampling. */
  stop(): CpuSeries;
}

/** CPU use in a stretch of time. */
export interface CpuUse {
  /** Cores busy per group: 1 is one whole core. */
  cores: Record<string, number>;
  /** Share of the machine's capacity in use, 0 to 1. */
  busyShare: number;
  /** Share of the machine's capacity used by processes outside all groups, 0 to 1. */
  foreignShare: number;
}

/**
 * Samples the CPU time of the machine and of our own processes from `/proc`.
 * @param options.groups - Per group its processes; each stands for all its descendants, save those that are or
 * descend from a process named in another group. Asked again at each sample, so groups may change.
 * @param options.intervalMs - Between two samples; one costs about 2 ms of CPU per 100 processes on the machine.
 */
export function startCpuSampler(options: {
  groups: Record<string, () => readonly number[]>;
  intervalMs: number;
}): CpuSampler {
  const ledger = new CpuLedger(Object.keys(options.groups));
  const samples: CpuSample[] = [];
  const sample = (): void => {
    const machine = readMachine();
    if (machine === null) return;
    const roots = new Map<number, string>();
    for (const [group, pids] of Object.entries(options.groups)) {
      for (const pid of pids()) roots.set(pid, group);
    }
    const epochMs = performance.timeOrigin + performance.now();
    samples.push({ epochMs, ...machine, groupTicks: ledger.add(readProcesses(), roots) });
  };
  sample();
  const timer = setInterval(sample, options.intervalMs);
  timer.unref();
  return {
    stop() {
      clearInterval(timer);
      sample();
      return { samples };
    },
  };
}

/**
 * Adds up CPU time per group from one listing of processes to the next. A child that came and went between two
 * listings is still counted: when its parent waits for it, its time appears among the parent's `reaped` ticks.
 * What of those was seen while the child lived is taken off again.
 */
export class CpuLedger {
  private readonly totals: Record<string, number>;
  private last: Map<number, ProcessTicks & { group: string | undefined }> | null = null;

  constructor(groups: readonly string[]) {
    this.totals = Object.fromEntries(groups.map((group) => [group, 0]));
  }

  /** @param roots - Group of each named process. @returns Ticks per group since the first listing. */
  add(
    processes: readonly ProcessTicks[],
    roots: ReadonlyMap<number, string>,
  ): Record<string, number> {
    const parents = new Map(processes.map((one) => [one.pid, one.parent]));
    const now = new Map(
      processes.map((one) => [one.pid, { ...one, group: groupOf(one.pid, parents, roots) }]),
    );
    const { last } = this;
    if (last !== null) {
      const gone = [...last.values()].filter(
        (one) => now.get(one.pid)?.startedAt !== one.startedAt,
      );
      for (const one of now.values()) {
        const before = last.get(one.pid);
        const known = before?.startedAt === one.startedAt ? before : { own: 0, reaped: 0 };
        this.count(one.group, one.own - known.own);
        const ended = gone.filter((child) => child.parent === one.pid);
        const seen = ended.reduce((ticks, child) => ticks + seenOf(child, gone), 0);
        // The last moments of a child that we knew belong to its own group: k6 is a child of the lab.
        this.count(ended[0]?.group ?? one.group, one.reaped - known.reaped - seen);
      }
    }
    this.last = now;
    return { ...this.totals };
  }

  private count(group: string | undefined, ticks: number): void {
    if (group === undefined || ticks <= 0) return;
    this.totals[group] = (this.totals[group] ?? 0) + ticks;
  }
}

/** Ticks that were seen of an ended process and of those descendants that ended with it. */
function seenOf(process: ProcessTicks, gone: readonly ProcessTicks[]): number {
  return gone
    .filter((one) => one.parent === process.pid)
    .reduce((ticks, child) => ticks + seenOf(child, gone), process.own + process.reaped);
}

/** The group of the nearest named process among a process and its ancestors. */
function groupOf(
  pid: number,
  parents: ReadonlyMap<number, number>,
  roots: ReadonlyMap<number, string>,
): string | undefined {
  for (let at: number | undefined = pid; at !== undefined && at > 0; at = parents.get(at)) {
    const group = roots.get(at);
    if (group !== undefined) return group;
  }
  return undefined;
}

/**
 * CPU use between two moments, from the samples around them, interpolated.
 * @returns Null without `/proc`, or when the samples do not cover the stretch to a tenth of its length.
 */
export function cpuBetween(
  series: CpuSeries,
  startEpochMs: number,
  endEpochMs: number,
): CpuUse | null {
  const { samples } = series;
  const spanMs = endEpochMs - startEpochMs;
  const first = samples[0];
  const final = samples.at(-1);
  if (first === undefined || final === undefined || spanMs <= 0) return null;
  const missingMs =
    Math.max(0, first.epochMs - startEpochMs) + Math.max(0, endEpochMs - final.epochMs);
  if (missingMs > spanMs / 10) return null;
  const from = sampleAt(samples, startEpochMs);
  const to = sampleAt(samples, endEpochMs);
  const total = to.totalTicks - from.totalTicks;
  const elapsedMs = to.epochMs - from.epochMs;
  if (total <= 0 || elapsedMs <= 0) return null;
  const cores: Record<string, number> = {};
  let ours = 0;
  for (const group of Object.keys(to.groupTicks)) {
    const ticks = (to.groupTicks[group] ?? 0) - (from.groupTicks[group] ?? 0);
    ours += ticks;
    cores[group] = (ticks * MS_PER_TICK) / elapsedMs;
  }
  const busy = to.busyTicks - from.busyTicks;
  return {
    cores,
    busyShare: Math.min(1, busy / total),
    // The machine's counter and the processes' counters are kept apart by the kernel and differ by a few ticks.
    foreignShare: Math.min(1, Math.max(0, (busy - ours) / total)),
  };
}

/** The counters at a moment between two samples; before the first and after the last: theirs. */
function sampleAt(samples: readonly CpuSample[], epochMs: number): CpuSample {
  const after = samples.findIndex((one) => one.epochMs >= epochMs);
  if (after <= 0) return after === 0 ? samples[0]! : samples.at(-1)!;
  const a = samples[after - 1]!;
  const b = samples[after]!;
  const share = (epochMs - a.epochMs) / (b.epochMs - a.epochMs);
  const between = (x: number, y: number): number => x + (y - x) * share;
  return {
    epochMs,
    busyTicks: between(a.busyTicks, b.busyTicks),
    totalTicks: between(a.totalTicks, b.totalTicks),
    groupTicks: Object.fromEntries(
      Object.entries(b.groupTicks).map(([group, ticks]) => [
        group,
        between(a.groupTicks[group] ?? 0, ticks),
      ]),
    ),
  };
}

/** First line of `/proc/stat`: user nice system idle iowait irq softirq steal (guest time is part of user). */
function readMachine(): { busyTicks: number; totalTicks: number } | null {
  const text = readProc('/proc/stat');
  if (text === null) return null;
  const ticks = text.slice(0, text.indexOf('\n')).trim().split(/\s+/).slice(1, 9).map(Number);
  const totalTicks = ticks.reduce((sum, one) => sum + one, 0);
  return { totalTicks, busyTicks: totalTicks - (ticks[3] ?? 0) - (ticks[4] ?? 0) };
}

function readProcesses(): ProcessTicks[] {
  const processes: ProcessTicks[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const text = readProc(`/proc/${name}/stat`);
    // Null: it ended between the two calls. The command's name, in brackets, may hold spaces and brackets.
    const fields = text
      ?.slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    if (fields === undefined || fields.length < 20) continue;
    processes.push({
      pid: Number(name),
      parent: fields[1]!,
      own: fields[11]! + fields[12]!,
      reaped: fields[13]! + fields[14]!,
      startedAt: fields[19]!,
    });
  }
  return processes;
}

function readProc(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null;
  }
}
