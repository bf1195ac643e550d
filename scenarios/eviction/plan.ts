import type { Arm } from '../../lab/experiment.ts';
import type { MaxmemoryPolicy } from '../../sim/redis/redis.ts';

/** Stores that may be asked for; those that are make the working set. */
export const STORES = 10_000;
/** Visitors' requests of one replay; those before `WARM` only fill the cache. */
export const REQUESTS = 60_000;
export const WARM = 15_000;
/** Replays of one cell in a trial, each with requests of its own. */
export const SEEDS = 4;

/**
 * Redis tells keys apart by seconds (LRU) and minutes (LFU). Its clock runs so many times as fast as ours, and requests come at
 * so many a second of that clock at most: some minutes of a platform in two thirds of a second.
 */
export const CLOCK_FACTOR = 600;
const REQUESTS_PER_SECOND = 150;
/** Where the clock cannot be accelerated: fewer requests, slowly, so that the cache does not turn over within a tick. */
const PACED = { requestsPerSecond: 1000, share: 1 / 4, seeds: 1 };

export const WORKLOADS = ['zipf', 'scan', 'shifting'] as const;
export type WorkloadName = (typeof WORKLOADS)[number];

/** A cache under test. */
export interface Cell {
  /** As in the findings: the policy, with the number of samples where it is not Redis's 5. */
  name: string;
  policy: MaxmemoryPolicy;
  samples: number;
}

function cell(policy: MaxmemoryPolicy, samples = 5): Cell {
  return { name: samples === 5 ? policy : `${policy}-${samples}`, policy, samples };
}

const CELLS = {
  policies: [
    ...[cell('noeviction'), cell('allkeys-random'), cell('volatile-ttl')],
    ...[cell('allkeys-lru'), cell('volatile-lru'), cell('allkeys-lfu'), cell('volatile-lfu')],
  ],
  few: [cell('allkeys-random'), cell('allkeys-lru'), cell('allkeys-lfu')],
  volatile: [cell('noeviction'), cell('allkeys-lru'), cell('volatile-lru')],
  samples: (['allkeys-lru', 'allkeys-lfu'] as const).flatMap((policy) =>
    [3, 5, 10].map((samples) => cell(policy, samples)),
  ),
  clock: [cell('allkeys-random'), cell('allkeys-lru'), cell('allkeys-lru', 10)],
} satisfies Record<string, readonly Cell[]>;

/** Every cell that any arm has, in the order of tables and charts. */
export const CELL_NAMES: readonly string[] = [
  ...new Set([...CELLS.policies, ...CELLS.samples].map(({ name }) => name)),
];

/** What a replaying arm does. */
export interface ReplayDesign {
  workload: WorkloadName;
  /** Room, as a share of the working set. */
  share: number;
  /** Share of the keys that have a TTL. */
  volatileShare: number;
  cells: readonly Cell[];
  /** With the simulator's curves over all sizes. */
  curves: boolean;
}

/** @returns Null for an arm that replays no workload. */
export function replayDesignOf({ parameters = {} }: Pick<Arm, 'parameters'>): ReplayDesign | null {
  const { workload, share, volatileShare = 1, cells = 'policies', curves = false } = parameters;
  const named = WORKLOADS.find((one) => one === workload);
  if (named === undefined) return null;
  return {
    workload: named,
    share: Number(share),
    volatileShare: Number(volatileShare),
    cells: isCells(cells) ? CELLS[cells] : CELLS.policies,
    curves: curves === true,
  };
}

function isCells(name: unknown): name is keyof typeof CELLS {
  return typeof name === 'string' && Object.hasOwn(CELLS, name);
}

/** How fast and how often a trial replays. */
export interface Pace {
  /** Of our clock; null: as fast as it goes. */
  requestsPerSecond: number | null;
  /** Share of `REQUESTS` and `WARM`. */
  share: number;
  seeds: number;
}

/**
 * An arm may ask for a slow replay (`paced`), a shorter one (`trace`: share of the requests) or other repetitions (`seeds`).
 * @param clockFactor - Of the Redis that was started.
 */
export function paceOf({ redisClockFactor = 1, parameters = {} }: Arm, clockFactor: number): Pace {
  const { paced = false, trace = 1, seeds = SEEDS } = parameters;
  if (paced === true || clockFactor < redisClockFactor) return PACED;
  const requestsPerSecond = clockFactor === 1 ? null : REQUESTS_PER_SECOND * clockFactor;
  return { requestsPerSecond, share: Number(trace), seeds: Number(seeds) };
}

/** Measured on 2 cores: lookups and SETs of one replay, and what lies between two. */
const REPLAYED_PER_SECOND = 140_000;
const SECONDS_BETWEEN = 0.05;
const SECONDS_OF_CURVES = 2;

/** Wall seconds of a trial of an arm that replays. */
export function replaySeconds(arm: Arm, { cells, workload, curves }: ReplayDesign): number {
  const { requestsPerSecond, share, seeds } = paceOf(arm, arm.redisClockFactor ?? 1);
  const requests = REQUESTS * share * (workload === 'scan' ? 1.4 : 1);
  const pace = Math.min(REPLAYED_PER_SECOND, requestsPerSecond ?? REPLAYED_PER_SECOND);
  return (
    seeds * cells.length * (requests / pace + SECONDS_BETWEEN) + (curves ? SECONDS_OF_CURVES : 0)
  );
}
