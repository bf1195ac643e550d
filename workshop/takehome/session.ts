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
  /** Query of the link that sets the knobs as they are at the end, e.g. `?preset=lease`; empty: as the room opens. */
  linkQuery: string;
}

/**
 * One sample for several that follow each other: counts are added, rates averaged over the time, of loads in flight and
 * ages the highest counts, and of what the server gives for its last 2 s the last one.
 * @param samples - At least one, in order of time.
 */
export function joinSamples(samples: readonly Sample[]): Sample {
  const last = samples.at(-1);
  if (last === undefined) throw new RangeError('joinSamples: no sample');
  const sum = (of: (sample: Sample) => number): number =>
    samples.reduce((total, sample) => total + of(sample), 0);
  const most = (of: (sample: Sample) => number): number => Math.max(...samples.map(of));
  const latest = (of: (sample: Sample) => number | null): number | null =>
    samples.map(of).findLast((value) => value !== null) ?? null;
  const spanMs = sum((sample) => sample.spanMs);
  const rate = (of: (sample: Sample) => number): number =>
    spanMs === 0 ? of(last) : sum((sample) => of(sample) * sample.spanMs) / spanMs;
  const pages = samples.filter(({ staleShare }) => staleShare !== null);
  const answered = pages.reduce((total, { requests }) => total + requests, 0);
  const old = pages.reduce(
    (total, { staleShare, requests }) => total + (staleShare ?? 0) * requests,
    0,
  );
  const ages = samples.flatMap(({ ageMaxMs }) => ageMaxMs ?? []);
  const { redis } = last;
  return {
    id: last.id,
    atMs: last.atMs,
    spanMs,
    requests: sum(({ requests }) => requests),
    errors: sum(({ errors }) => errors),
    p50Ms: latest(({ p50Ms }) => p50Ms),
    p99Ms: latest(({ p99Ms }) => p99Ms),
    hitRatio: latest(({ hitRatio }) => hitRatio),
    loadsInFlight: most(({ loadsInFlight }) => loadsInFlight),
    waiting: most(({ waiting }) => waiting),
    selectsPerSecond: rate(({ selectsPerSecond }) => selectsPerSecond),
    ageMaxMs: ages.length === 0 ? null : Math.max(...ages),
    ageP50Ms: latest(({ ageP50Ms }) => ageP50Ms),
    staleShare: answered === 0 ? null : old / answered,
    stalestMs: most(({ stalestMs }) => stalestMs),
    loads: sum(({ loads }) => loads),
    redis:
      redis === null
        ? null
        : { ...redis, evictedPerSecond: rate((sample) => sample.redis?.evictedPerSecond ?? 0) },
  };
}
