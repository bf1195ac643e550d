import { existsSync } from 'node:fs';
import { mkdir, rename, stat, statfs } from 'node:fs/promises';
import { freemem } from 'node:os';
import { basename, join } from 'node:path';
import { RECORD_BYTES } from '../../sim/formats/oracle-general.ts';
import { EXIT, LabError } from '../errors.ts';
import type { Reading } from '../perf-sim/job.ts';
import { read, write } from '../perf-sim/job.ts';
import type { LargeTrace } from '../perf-sim/large-trace.ts';
import type { Progress } from '../progress.ts';
import type { Supervisor } from '../provision/supervisor.ts';
import type { Judgement, OwnCriterion } from './criterion.ts';

const BILLION = 1e9;
/** Where the disk has no room for a billion, and half of it, for the slope. */
const FEWER = 2e8;
const OBJECTS = 1e7;
/** Disk that is left to others. */
const MARGIN_BYTES = 8e9;

const MOST_SECONDS = 300;
const MOST_BYTES = 2e9;
/** What a sample may be off by, in points of the miss ratio; more only where its own interval says so. */
const MOST_POINTS = 0.5;

const RATE = 0.01;
const SHARES = [0.03, 0.1, 0.3];
/** As many requests as fit anywhere: their exact curve is always computed. */
const PREFIX = 2e7;
/** Ids, the interner's table while it grows, and Node. */
const EXACT_BYTES = 7e9;

export const criterion: OwnCriterion = {
  kind: 'own',
  about:
    'a billion requests from a file, sampled in the reader, against the exact run: about 12 minutes, 24 GB of disk',
  async run({ root, supervisor, progress }) {
    const folder = join(root, '.cachelab', 'perf-sim');
    await mkdir(folder, { recursive: true });
    const requests = await affordable(folder);
    const trace: LargeTrace = { requests, objects: OBJECTS, seed: 1 };
    const path = pathOf(folder, requests);
    if (!existsSync(path)) await writeOnce(supervisor, progress, trace, path);
    return judgeLarge(await readings(supervisor, progress, path, trace));
  },
};

const pathOf = (folder: string, requests: number): string =>
  join(folder, `zipf-${requests}.oracleGeneral`);

/** How many requests there is room for, unless the file is there. @throws LabError `E_DISK_FULL` */
async function affordable(folder: string): Promise<number> {
  if (existsSync(pathOf(folder, BILLION))) return BILLION;
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize - MARGIN_BYTES;
  if (free >= RECORD_BYTES * BILLION) return BILLION;
  if (existsSync(pathOf(folder, FEWER)) || free >= RECORD_BYTES * FEWER) return FEWER;
  throw new LabError(
    'E_DISK_FULL',
    `${folder} has ${gigabytes(bavail * bsize)} free, a trace of ${count(FEWER)} requests needs ${gigabytes(RECORD_BYTES * FEWER + MARGIN_BYTES)}`,
    { hint: 'make room, e.g. by `npm run lab -- clean --runs`', exitCode: EXIT.serviceMissing },
  );
}

async function writeOnce(
  supervisor: Supervisor,
  progress: Progress,
  trace: LargeTrace,
  path: string,
): Promise<void> {
  const unfinished = join(supervisor.runFolder, basename(path));
  const all = RECORD_BYTES * trace.requests;
  // It is written from its end: its length says nothing, the blocks that it has do.
  const timer = setInterval(() => {
    void stat(unfinished).then(
      ({ blocks }) =>
        progress.now(`writing ${path}: ${gigabytes(512 * blocks)} of ${gigabytes(all)}`),
      () => {},
    );
  }, 5000);
  try {
    await write(supervisor, { kind: 'large', trace, to: unfinished });
    await rename(unfinished, path);
  } finally {
    clearInterval(timer);
  }
}

/** What was read of the large trace. Capacities are the shares of the objects that each trace can have or has. */
export interface LargeReadings {
  readonly requests: number;
  readonly sampled: Reading;
  /** Of half the file; null when the file is the whole billion. */
  readonly half: Reading | null;
  /** Exact misses for the same capacities; null where memory is short. */
  readonly exact: Reading | null;
  /** The same of the beginning alone. */
  readonly prefix: { readonly sampled: Reading; readonly exact: Reading };
}

async function readings(
  supervisor: Supervisor,
  progress: Progress,
  path: string,
  { requests, objects }: LargeTrace,
): Promise<LargeReadings> {
  const capacities = SHARES.map((share) => Math.round(share * objects));
  progress.now(`sampling ${count(requests)} requests`);
  const sampled = await read(supervisor, { kind: 'sampled', path, rate: RATE, capacities });
  const limit = requests / 2;
  const half =
    requests === BILLION
      ? null
      : await read(supervisor, { kind: 'sampled', path, rate: RATE, capacities, limit });

  progress.now(`the first ${count(PREFIX)} exactly`);
  const first = { path, capacities, limit: Math.min(PREFIX, requests) };
  const prefix = {
    exact: await read(supervisor, { kind: 'curve', ...first }),
    sampled: await read(supervisor, { kind: 'sampled', rate: RATE, ...first }),
  };
  if (freemem() < EXACT_BYTES) return { requests, sampled, half, exact: null, prefix };
  progress.now(`all ${count(requests)} exactly, about ${Math.ceil(requests / 4e8)} minutes`);
  const lru = { path, policy: 'lru', capacities, threads: 1 };
  const exact = await read(supervisor, { kind: 'caches', ...lru });
  return { requests, sampled, half, exact, prefix };
}

/** Time and memory against what a billion may cost, the sample against the exact counts. */
export function judgeLarge({ requests, sampled, half, exact, prefix }: LargeReadings): Judgement {
  const cost = half === null ? sampled : extrapolated(sampled, half);
  const beginning = compared(prefix.sampled, prefix.exact);
  const whole = exact === null ? [] : compared(sampled, exact);
  const ofAll = requests === BILLION ? '' : ', by the slope from half of it';
  const lines = [
    `${count(requests)} requests in ${gigabytes(RECORD_BYTES * requests)}, ${100 * RATE} % of the objects taken in the reader: ${count(sampled.objects)} objects`,
    `${count(BILLION)} requests${ofAll}: ${cost.seconds.toFixed(0)} s (at most ${MOST_SECONDS}), ${(cost.peakBytes / 1e6).toFixed(0)} MB (at most ${MOST_BYTES / 1e6})`,
    ...sampled.points.map(
      ({ capacity, missRatio, low, high, usable }) =>
        `LRU of ${count(capacity)} objects: miss ratio ${missRatio.toFixed(4)}, 95 % interval ${low.toFixed(4)} to ${high.toFixed(4)}${usable ? '' : ', void: too few objects in the sample'}`,
    ),
    exact === null
      ? `no exact run of all: it needs ${gigabytes(EXACT_BYTES)} of free memory`
      : `against the exact run of all: ${described(whole)}`,
    `against the exact run of the first ${count(prefix.exact.requests)}: ${described(beginning)}`,
  ];
  const errors = [...whole, ...beginning];
  return {
    lines,
    passed:
      cost.seconds <= MOST_SECONDS &&
      cost.peakBytes <= MOST_BYTES &&
      errors.length > 0 &&
      errors.every(({ points, inside }) => inside || Math.abs(points) <= MOST_POINTS),
  };
}

interface SampleError {
  /** Of the miss ratio. */
  readonly points: number;
  /** Whether the exact value lies in the sample's 95 % interval. */
  readonly inside: boolean;
}

/** Where the sample says that it can speak. */
function compared(sampled: Reading, exact: Reading): SampleError[] {
  return sampled.points.flatMap(({ missRatio, low, high, usable }, at) => {
    const truth = (exact.misses[at] ?? Number.NaN) / exact.requests;
    return usable
      ? [{ points: 100 * (missRatio - truth), inside: low <= truth && truth <= high }]
      : [];
  });
}

function described(errors: readonly SampleError[]): string {
  const signed = errors.map(
    ({ points, inside }) =>
      `${points < 0 ? '' : '+'}${points.toFixed(2)} (${inside ? 'inside' : 'outside'})`,
  );
  return `off by ${signed.join(', ')} points: at most ${MOST_POINTS}, or inside its own 95 % interval`;
}

/** What a billion would cost, by the line through two lengths. */
function extrapolated(all: Reading, half: Reading): { seconds: number; peakBytes: number } {
  const further = (BILLION - all.requests) / (all.requests - half.requests);
  return {
    seconds: all.seconds + further * (all.seconds - half.seconds),
    peakBytes: all.peakBytes + further * Math.max(0, all.peakBytes - half.peakBytes),
  };
}

const count = (value: number): string => value.toLocaleString('en-US');
const gigabytes = (bytes: number): string => `${Number((bytes / 1e9).toPrecision(3))} GB`;
