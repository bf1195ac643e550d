import type { TimeSetting } from '../time/setting.ts';

/** A way to keep copies fresh: a preset of the server, as far as TTL, room and eviction policy leave it open. */
export interface Way {
  /** The preset's. */
  readonly name: string;
  /** What the simulation is to do under it; the rest comes from the question and from the grid. */
  setting(ttlMs: number): WaySetting;
  /**
   * Longest time for which an old page may be sent, as promised, whatever the trace happened to show. Never falls when the TTL
   * grows.
   */
  boundMs(ttlMs: number, jitter: number): number;
}

export type WaySetting = Omit<TimeSetting, 'seed' | 'ttlMs' | 'jitter' | 'eviction' | Asked>;
type Asked = 'loadMs' | 'updateRatePerSecond' | 'fromTick' | 'expiry' | 'bucketMs';

/** What is asked of a trace: what must hold, and what its requests do not tell. */
export interface Question {
  /** Longest promised staleness. */
  readonly maxStaleMs: number;
  /** Largest `maxmemory`. */
  readonly memoryBytes: number;
  /** SELECTs that the database bears in one second; `null`: any number. */
  readonly selectsPerSecond: number | null;
  readonly selectsPerLoad: number;
  /** How long a load takes. */
  readonly loadMs: number;
  /** Changes per second and object beside those of the trace. */
  readonly updateRatePerSecond: number;
  /** Share of the requests that only fill the cache, 0 to below 1. */
  readonly warmShare: number;
  /** Share of the keys that the trace holds, above 0 to 1: figures are of all of them. */
  readonly sample: number;
  readonly seed: number;
  /** The simplest first: of equals it is chosen. */
  readonly ways: readonly Way[];
  /** Values of `maxmemory-policy`; of equals the first is chosen. */
  readonly policies: readonly string[];
}

/** What must hold, by the names of the command line. */
export type Constraint = 'max-stale' | 'memory' | 'db-rps';

/** @throws RangeError with every value that is out of its range. */
export function checkQuestion(question: Question): void {
  const problems: string[] = [];
  const check = (name: keyof Question, fits: (value: number) => boolean, range: string): void => {
    const value = question[name];
    if (typeof value === 'number' && !fits(value))
      problems.push(`${name} ${value} is out of its range: ${range}`);
  };
  check('maxStaleMs', (value) => value >= 0 && Number.isFinite(value), '0 or more, finite');
  check('memoryBytes', (value) => value >= LEAST_MEMORY_BYTES, `from ${LEAST_MEMORY_BYTES}`);
  check('selectsPerSecond', (value) => value > 0, 'above 0');
  check('selectsPerLoad', (value) => value > 0 && Number.isFinite(value), 'above 0, finite');
  check('warmShare', (value) => value >= 0 && value < 1, '0 to below 1');
  check('sample', (value) => value > 0 && value <= 1, 'above 0, to 1');
  if (question.ways.length === 0) problems.push('ways is empty: at least 1 is needed');
  if (question.policies.length === 0) problems.push('policies is empty: at least 1 is needed');
  if (problems.length > 0) throw new RangeError(problems.join('; '));
}

/**
 * What a Redis takes before its first key, and the buffers of its connections: about 1 MiB each. Measured on 7.0 with 50 clients;
 * hundreds of clients or large values in flight take more.
 */
export const SERVER_BYTES: number = 2 * 2 ** 20;

/** Below this there is no room for copies beside the server itself. */
export const LEAST_MEMORY_BYTES: number = SERVER_BYTES + 2 ** 20;
