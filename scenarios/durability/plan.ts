import type { Arm, ProfileDesign } from '../../lab/experiment.ts';

/** How a Redis keeps its data. */
export const MODES = ['none', 'rdb', 'aof-always', 'aof-everysec', 'aof-no', 'mixed'] as const;
export type Mode = (typeof MODES)[number];

/** Writes per second of the open load: one each millisecond. */
export const WRITES_PER_SECOND = 1000;
/** Keys that the open load writes to, and how often a write is a DEL. */
export const DISHES = 1000;
export const DELETE_SHARE = 0.05;
/** Bytes of a value: a dish with its price. */
export const VALUE_BYTES = 100;
/** Callers of the closed load; each waits for its answer before it writes again. */
export const CALLERS = 50;
/** How often each key is written before a recovery: what a log holds more than a snapshot. */
export const WRITES_PER_KEY = 3;
/** Prices that are changed between a snapshot and a kill. */
export const PRICES = 5;
/** What a sync takes on the slow disk. */
export const SLOW_SYNC_MS = 3000;
/** Reads in one block of the comparison of memory and disk: its median is one sample. */
export const BLOCK_READS = 100;

/** The hour after a restart, shortened: as many requests per TTL, in less time. */
export const HOUR = {
  stores: 1000,
  requestsPerSecond: 10,
  ttlSeconds: 3600,
  minutesBefore: 15,
  minutesAfter: 75,
} as const;

/** What a trial repeats, and for how long. */
export interface Depth {
  /** One stretch of the open load. */
  writeSeconds: number;
  kills: number;
  /** Of a stretch under strace, which begins with a log that was never synced. */
  traceSeconds: number;
  /** Placed in that stretch. */
  cuts: number;
  saturationSeconds: number;
  /** Keys that are there when Redis starts, one recovery after the other. */
  recoveryKeys: readonly number[];
  restarts: number;
  /** Least seconds between two snapshots. */
  saveSeconds: number;
  /** Real seconds that stand for an hour. */
  hourSeconds: number;
  diskMebibytes: number;
  blocks: number;
}

/** `quick` measures for 1 s, `standard` for 2, `full` for longer. */
export function depthOf({ measureSeconds }: ProfileDesign): Depth {
  const quick = measureSeconds < 2;
  const full = measureSeconds > 2;
  return {
    writeSeconds: measureSeconds,
    kills: full ? 3 : quick ? 1 : 2,
    traceSeconds: measureSeconds + 1.5,
    cuts: quick ? 3 : 5,
    saturationSeconds: quick ? 0.5 : 1,
    recoveryKeys: quick ? [20_000] : full ? [10_000, 50_000, 200_000] : [20_000, 100_000],
    restarts: quick ? 1 : 2,
    saveSeconds: quick ? 1 : 5,
    hourSeconds: quick ? 2 : 4,
    diskMebibytes: quick ? 64 : 256,
    blocks: quick ? 8 : 20,
  };
}

/** What an arm does: a mode's whole programme, or one question apart. */
export type Task = 'mode' | 'slow-disk' | 'hour' | 'memory-disk';

export function taskOf({ parameters = {} }: Arm): { task: Task; mode: Mode } {
  const { task, mode } = parameters;
  return {
    task: (['slow-disk', 'hour', 'memory-disk'] as const).find((one) => one === task) ?? 'mode',
    mode: MODES.find((one) => one === mode) ?? 'none',
  };
}

/** Arguments of redis-server. */
export function argumentsOf(mode: Mode, { saveSeconds }: Pick<Depth, 'saveSeconds'>): string[] {
  if (mode === 'none') return ['--save', '', '--appendonly', 'no'];
  if (mode === 'rdb') return ['--save', `${saveSeconds} 1`, '--appendonly', 'no'];
  const policy = mode === 'mixed' ? 'everysec' : mode.slice('aof-'.length);
  return [
    ...['--save', '', '--appendonly', 'yes', '--appendfsync', policy],
    ...['--aof-use-rdb-preamble', mode === 'mixed' ? 'yes' : 'no'],
    // The log of the other modes is never rewritten; the protocol rewrites that of `mixed` itself, at a known moment.
    ...['--auto-aof-rewrite-percentage', '0'],
  ];
}

/** Stretches that a kill ends, without strace; those of RDB are long, and under strace it loses the same. */
export function killsOf(mode: Mode, depth: Depth): number {
  return mode === 'rdb' ? Math.max(1, depth.kills - 1) : depth.kills;
}

/** Seconds of writes before a kill; snapshots are due every `saveSeconds` + 1, and the kill falls anywhere between two. */
export function writeSecondsOf(mode: Mode, depth: Depth, phase: number): number {
  if (mode !== 'rdb') return depth.writeSeconds;
  return depth.saveSeconds + 1.5 + phase * (depth.saveSeconds + 1);
}
