import type { Environment } from '../../lab/result.ts';
import type { Knobs, Mark, Measured, Question, Sample } from '../contract.ts';

/** What a room did, from its opening to the moment of the report: all that the take-home shows. */
export interface Session {
  /** ms since the Unix epoch. */
  openedAtMs: number;
  /** When the report was asked for. */
  endedAtMs: number;
  /** In order of time, none left out. */
  marks: readonly Mark[];
  /** About one a second (`joinSamples` of four), in order of time. Gaps are drawn as gaps. */
  samples: readonly Sample[];
  /** The knobs as the room opened and after each change, in order of time. `policy` is its title at that moment. */
  knobs: readonly { atMs: number; knobs: Knobs; policy: string }[];
  /** Every question that was asked, in order of time; a question that was asked again stands here again. */
  questions: readonly Question[];
  /** Sentences that were measured, in order of time. */
  measured: readonly { atMs: number; measured: Measured }[];
  environment: Environment;
  /** Seed of the data, number of stores and of server processes. */
  seed: number;
  stores: number;
  processes: number;
}

/**
 * One sample for several that follow each other: counts are added, rates and shares averaged over what they count; of p99,
 * ages, loads in flight and waiting requests the highest counts, of p50 and the median age the middle one.
 * @param samples - At least one, in order of time.
 */
export function joinSamples(samples: readonly Sample[]): Sample {
  const last = samples.at(-1);
  if (last === undefined) throw new RangeError('joinSamples: no sample');
  const sum = (of: (sample: Sample) => number): number =>
    samples.reduce((total, sample) => total + of(sample), 0);
  const most = (of: (sample: Sample) => number): number => Math.max(...samples.map(of));
  const spanMs = sum((sample) => sample.spanMs);
  const rate = (of: (sample: Sample) => number): number =>
    spanMs === 0 ? of(last) : sum((sample) => of(sample) * sample.spanMs) / spanMs;
  const { redis } = last;
  return {
    id: last.id,
    atMs: last.atMs,
    spanMs,
    requests: sum(({ requests }) => requests),
    errors: sum(({ errors }) => errors),
    p50Ms: middle(samples.map(({ p50Ms }) => p50Ms)),
    p99Ms: highest(samples.map(({ p99Ms }) => p99Ms)),
    hitRatio: perRequest(samples, ({ hitRatio }) => hitRatio),
    loadsInFlight: most(({ loadsInFlight }) => loadsInFlight),
    waiting: most(({ waiting }) => waiting),
    selectsPerSecond: rate(({ selectsPerSecond }) => selectsPerSecond),
    ageMaxMs: highest(samples.map(({ ageMaxMs }) => ageMaxMs)),
    ageP50Ms: middle(samples.map(({ ageP50Ms }) => ageP50Ms)),
    staleShare: perRequest(samples, ({ staleShare }) => staleShare),
    stalestMs: most(({ stalestMs }) => stalestMs),
    loads: sum(({ loads }) => loads),
    redis:
      redis === null
        ? null
        : {
            ...redis,
            evictedPerSecond: rate((sample) => sample.redis?.evictedPerSecond ?? 0),
            commandsPerSecond: rate((sample) => sample.redis?.commandsPerSecond ?? 0),
          },
  };
}

const present = (values: readonly (number | null)[]): number[] =>
  values.flatMap((value) => value ?? []);

/** The highest value; null without one. */
export function highest(values: readonly (number | null)[]): number | null {
  const there = present(values);
  return there.length === 0 ? null : Math.max(...there);
}

/** The median, of an even number the lower of the two in the middle; null without a value. */
export function middle(values: readonly (number | null)[]): number | null {
  const sorted = present(values).sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}

/** Mean of a share, each sample weighing as much as it has requests; without any, the last one there is. */
export function perRequest(
  samples: readonly Sample[],
  share: (sample: Sample) => number | null,
): number | null {
  const told = samples.filter((sample) => share(sample) !== null);
  const requests = told.reduce((total, sample) => total + sample.requests, 0);
  const weighed = told.reduce((total, sample) => total + (share(sample) ?? 0) * sample.requests, 0);
  const last = told.at(-1);
  return requests > 0 ? weighed / requests : last === undefined ? null : share(last);
}
