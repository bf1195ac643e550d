import type { ValidationRow, ValidationVerdict } from '../../reports/sim/validate.ts';
import type { MaxmemoryPolicy } from '../../sim/redis/redis.ts';
import type { Trace } from '../../sim/trace.ts';
import { EXIT, LabError } from '../errors.ts';
import { type ReplayHost, validateRedis } from './redis-replay.ts';

/** How many times as fast the server’s clock runs where it can be accelerated: a replay of seconds then has minutes of ticks. */
export const ACCELERATION = 200;

/** Points of hit ratio by which model and server may differ: where the clock tells keys apart, and where it hardly does. */
const BOUND_POINTS = { accelerated: 0.1, real: 0.3 };

const POLICIES: readonly MaxmemoryPolicy[] = [
  'allkeys-lru',
  'allkeys-lfu',
  'allkeys-random',
  'volatile-ttl',
];
const SAMPLES = [5, 10];
/** Repetitions, each with other draws and, of a generated trace, other requests. */
export const REPETITIONS = 3;

/** One replay against a real Redis. */
interface PlannedReplay {
  policy: MaxmemoryPolicy;
  samples: number;
  /** From 0. */
  repetition: number;
  clockFactor: number;
}

/**
 * Every policy at every number of samples, three times. At the accelerated clock if there is one, with a single replay of
 * allkeys-lru at the real one, which shows what the clock does; with `long` all of them at both.
 */
export function planReplays(how: { accelerated: boolean; long: boolean }): PlannedReplay[] {
  if (!how.accelerated) return all(1);
  const isShown = ({ policy, samples, repetition }: PlannedReplay): boolean =>
    policy === 'allkeys-lru' && samples === SAMPLES[0] && repetition === 0;
  return [...all(ACCELERATION), ...all(1).filter((replay) => how.long || isShown(replay))];
}

function all(clockFactor: number): PlannedReplay[] {
  return POLICIES.flatMap((policy) =>
    SAMPLES.flatMap((samples) =>
      Array.from({ length: REPETITIONS }, (_, repetition) => ({
        ...{ policy, samples, repetition, clockFactor },
      })),
    ),
  );
}

/** Share of the objects that shall be resident. */
const RESIDENT_SHARE = 0.1;
/** Fewer keys than that are less than Redis’s own buffers. */
const LEAST_KEYS = 2000;
/** At 600 bytes a key, 120 MB. */
const MOST_KEYS = 200_000;

/** @throws LabError `E_TRACE_TOO_SMALL` */
export function residentKeysFor(objects: number): number {
  const keys = Math.round(objects * RESIDENT_SHARE);
  if (keys < LEAST_KEYS) {
    throw new LabError(
      'E_TRACE_TOO_SMALL',
      `the trace has ${objects} objects: a cache of a tenth of them would be smaller than Redis’s own buffers`,
      {
        hint: `needed are ${LEAST_KEYS / RESIDENT_SHARE} objects or more; without --trace and --generate one is made that fits`,
        exitCode: EXIT.badArguments,
      },
    );
  }
  return Math.min(MOST_KEYS, keys);
}

/** Replays side by side: while one waits for its server, the other prepares its commands. */
const LANES = 2;

/**
 * Makes the planned replays and holds the model against each.
 * @param traces - One for all repetitions, or one each. Reads alone.
 * @returns Rows in the order of the plan.
 * @throws LabError of `replayOnRedis` and `residentKeysFor`.
 */
export async function runReplays(
  host: ReplayHost,
  traces: readonly Pick<Trace, 'ids' | 'objects'>[],
  plan: readonly PlannedReplay[],
  options: { seed: number; onDone: (done: number) => void },
): Promise<ValidationRow[]> {
  const rows: ValidationRow[] = [];
  let next = 0;
  let done = 0;
  const lane = async (): Promise<void> => {
    for (let at = next++; at < plan.length; at = next++) {
      const { policy, samples, repetition, clockFactor } = plan[at]!;
      const trace = traces[repetition % traces.length]!;
      const found = await validateRedis(host, trace, {
        ...{ policy, samples, clockFactor },
        keys: residentKeysFor(trace.objects),
        seed: options.seed + repetition,
      });
      rows[at] = rowOf(found);
      options.onDone((done += 1));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return rows;
}

function rowOf(found: Awaited<ReturnType<typeof validateRedis>>): ValidationRow {
  const { policy, samples, seed, clockFactor, residentKeys, turnoverSeconds } = found;
  const { realHitRatio, modelHitRatio, gapPoints } = found;
  return {
    ...{ policy, samples, seed, clockFactor, residentKeys, turnoverSeconds },
    ...{ realHitRatio, modelHitRatio, gapPoints },
  };
}

/**
 * Whether model and server agree, by policy, number of samples and clock: on the mean of the repetitions. A single replay
 * does not tell: of evictions that are drawn, two servers that get the same requests differ by 0.1 points.
 */
export function verdictsOf(rows: readonly ValidationRow[]): ValidationVerdict[] {
  const groups = new Map<string, ValidationRow[]>();
  for (const row of rows) {
    // It draws no samples: replays with other numbers of them are further repetitions.
    const samples = row.policy === 'allkeys-random' ? '' : row.samples;
    const key = `${row.policy} ${samples} ${row.clockFactor}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].map((own) => {
    const { policy, clockFactor } = own[0]!;
    const mean = (read: (row: ValidationRow) => number): number =>
      own.reduce((sum, row) => sum + read(row), 0) / own.length;
    const gapPoints = mean((row) => row.gapPoints);
    const boundPoints = clockFactor === 1 ? BOUND_POINTS.real : BOUND_POINTS.accelerated;
    return {
      ...{ policy, clockFactor, gapPoints, boundPoints },
      samples: [...new Set(own.map((row) => row.samples))],
      modelHitRatio: mean((row) => row.modelHitRatio),
      realHitRatio: mean((row) => row.realHitRatio),
      gaps: own.map((row) => row.gapPoints),
      agrees: Math.abs(gapPoints) <= boundPoints,
    };
  });
}
