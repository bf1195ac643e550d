/** Small keys, as the sessions and pages of everybody else, and how they are read. */
export const SMALL = { keys: 1000, bytes: 100, readsPerSecond: 1000 };

export const smallKey = (n: number): string => `small:${n}`;

/** Pages of 42 KB in the big value: 10 MB together. */
export const PARTS = 240;

/** Fields of the large Hash, members of the large Set, keys of the large keyspace. */
export const MEMBERS = 1_000_000;

/** One in so many keys fits the pattern that KEYS and SCAN ask for. */
export const KEYS_PER_MATCH = 1000;

/** Hint of SCAN and its kin: how much work one command does. */
export const SCAN_COUNT = 1000;

/** What Redis calls slow, in its shipped settings and in the story. */
export const SLOW_MS = 10;

/** From here on the log has what commands took; what is missing in it took less. */
export const LOGGED_MS = 0.1;

export type ArmName = 'value' | 'members' | 'keyspace';

/** What is done to big keys. An arm does its operations one after the other. */
export const OPERATIONS: Readonly<
  Record<ArmName, readonly (readonly [name: string, title: string])[]>
> = {
  value: [
    ['quiet', 'nothing'],
    ['get', 'GET of 10 MB'],
    ['set', 'SET of 10 MB'],
    ['del', 'DEL of a String of 10 MB'],
    ['unlink', 'UNLINK of a String of 10 MB'],
    ['get-gzip', 'GET of it compressed'],
    ['get-part', 'GET of one of 240 parts'],
    ['hget-field', 'HGET of one of 240 fields'],
    ['mget-parts', 'MGET of all 240 parts'],
    ['pipeline-parts', '240 GETs in one pipeline'],
    ['awaited-parts', '240 GETs, each awaited'],
  ],
  members: [
    ['quiet', 'nothing'],
    ['hgetall', 'HGETALL of 1 M fields'],
    ['hscan', 'HSCAN through 1 M fields'],
    ['smembers', 'SMEMBERS of 1 M'],
    ['sscan', 'SSCAN through 1 M members'],
    ['del', 'DEL of a Hash of 1 M fields'],
    ['unlink', 'UNLINK of a Hash of 1 M fields'],
  ],
  keyspace: [
    ['quiet', 'nothing'],
    ['keys', 'KEYS over 1 M keys'],
    ['scan', 'SCAN through 1 M keys'],
  ],
};

export function armNameOf(name: string): ArmName {
  if (name === 'value' || name === 'members' || name === 'keyspace') return name;
  throw new Error(`no operations are known for an arm named ${name}`);
}

/** A p99 needs 1,000 reads. */
const LEAST_CELL_MS = 1150;

/** How often an operation is done in a cell, and when. */
export interface Pace {
  repetitions: number;
  /** From one doing to the next, unless the first takes longer. */
  periodMs: number;
  /** Least time between them. */
  pauseMs: number;
  /** Least length of the cell. */
  leastMs: number;
}

/** @param measureSeconds - About how long a cell lasts; below 1 it is too short for a p99. */
export function paceOf(arm: ArmName, measureSeconds: number): Pace {
  const leastMs = LEAST_CELL_MS * Math.min(1, measureSeconds);
  const many = { periodMs: 500, pauseMs: 300 };
  const few = { periodMs: 150, pauseMs: 50 };
  return arm === 'value'
    ? { ...few, leastMs, repetitions: Math.max(6, Math.round(measureSeconds / 0.15)) }
    : { ...many, leastMs, repetitions: Math.max(1, Math.round(2 * measureSeconds)) };
}
