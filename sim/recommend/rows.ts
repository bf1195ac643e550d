import type { TimeOutcome } from '../time/outcome.ts';
import type { TimeSetting } from '../time/setting.ts';
import type { Trace } from '../trace.ts';
import type { Life } from './lives.ts';
import type { Question } from './question.ts';
import { capacityOf } from './room.ts';

/** One simulation. */
export interface Trial {
  readonly setting: Omit<TimeSetting, 'eviction'>;
  /** `null`: memory without end. */
  readonly cache: { readonly policy: string; readonly capacityBytes: number } | null;
}

/** What it found. */
export interface Found {
  readonly outcome: TimeOutcome;
  /** The most bytes that were taken at any moment. */
  readonly mostBytes: number;
}

/** Runs simulations, in their order; on as many threads as it likes. */
export type Measure = (trace: Trace, trials: readonly Trial[]) => Promise<Found[]>;

/** What a cache does to the trace. Rates and bytes are those of all keys, also where the trace is a sample. */
export interface Figures {
  /** Hits / reads: all others wait for a load. */
  readonly hitRatio: number;
  readonly loadsPerSecond: number;
  /** SELECTs / reads. */
  readonly selectsPerRead: number;
  /** In the fullest second. */
  readonly peakSelectsPerSecond: number;
  /** Loads of the fullest second over the mean. */
  readonly peakOverMean: number;
  /** Share of the reads that show less than the newest change; `null`: nothing changes. */
  readonly staleShare: number | null;
  /** The oldest page that was sent; `null`: none was. */
  readonly longestStaleMs: number | null;
  /** Of the copies held, with their keys and entries, at the fullest of 64 moments. */
  readonly residentBytes: number;
}

/** One point of the grid. */
export interface Row extends Life, Figures {
  /** `maxmemory`. */
  readonly memoryBytes: number;
  /** `maxmemory-policy`. */
  readonly policy: string;
}

/** A life under one eviction policy, to be simulated. @param cache - `null`: memory without end. */
export function trialOf(
  trace: Trace,
  question: Question,
  { way: name, ttlMs, jitter }: Pick<Life, 'way' | 'ttlMs' | 'jitter'>,
  cache: { policy: string; memoryBytes: number } | null,
): Trial {
  const way = question.ways.find((one) => one.name === name);
  if (way === undefined) throw new RangeError(`way ${name} is not among those of the question`);
  const { seed, loadMs, updateRatePerSecond, warmShare } = question;
  const setting = {
    ...way.setting(ttlMs),
    ...{ seed, ttlMs, jitter, loadMs, updateRatePerSecond },
    fromTick: trace.ticks?.[Math.floor(trace.ids.length * warmShare)] ?? 0,
    expiry: 'active',
  } as const;
  if (cache === null) return { setting, cache: null };
  const { policy, memoryBytes } = cache;
  return { setting, cache: { policy, capacityBytes: capacityOf(memoryBytes, question) } };
}

export function figuresOf(outcome: TimeOutcome, { sample, selectsPerLoad }: Question): Figures {
  const { hitRatio, loadsPerSecond, loads, reads, writes, staleShare } = outcome;
  const { staleAgeMs, resident } = outcome;
  return {
    hitRatio,
    loadsPerSecond: loadsPerSecond.mean / sample,
    selectsPerRead: reads === 0 ? 0 : (loads * selectsPerLoad) / reads,
    peakSelectsPerSecond: (loadsPerSecond.peak * selectsPerLoad) / sample,
    peakOverMean: loadsPerSecond.peakOverMean,
    staleShare: writes === 0 ? null : staleShare,
    longestStaleMs: staleAgeMs?.longest ?? null,
    residentBytes: (resident.peakBytes ?? 0) / sample,
  };
}

/**
 * Every life with every memory under every policy. A life is first simulated without an end of memory: where it never takes more
 * than a capacity, nothing is evicted there, and all policies do the same; only the others are simulated one by one.
 * @returns Rows in the order of lives, memories, policies.
 */
export async function rowsOf(
  trace: Trace,
  question: Question,
  grid: { lives: readonly Life[]; memories: readonly number[] },
  measure: Measure,
): Promise<Row[]> {
  const { lives, memories } = grid;
  const endless = await measure(
    trace,
    lives.map((life) => trialOf(trace, question, life, null)),
  );
  const points = lives.flatMap((life, at) =>
    memories.flatMap((memoryBytes) =>
      question.policies.map((policy) => ({
        ...{ life, memoryBytes, policy, endless: endless[at]! },
        evicts: capacityOf(memoryBytes, question) < endless[at]!.mostBytes,
      })),
    ),
  );
  const bounded = await measure(
    trace,
    points
      .filter(({ evicts }) => evicts)
      .map(({ life, policy, memoryBytes }) =>
        trialOf(trace, question, life, { policy, memoryBytes }),
      ),
  );
  const next = bounded.values();
  return points.map(({ life, memoryBytes, policy, evicts, endless: whole }) => {
    const { outcome } = evicts ? next.next().value! : whole;
    return { ...life, memoryBytes, policy, ...figuresOf(outcome, question) };
  });
}
