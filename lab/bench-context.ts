import type { Dataset } from '../seed/dataset.ts';
import type { RunOptions } from './plan.ts';
import type { Stack } from './provision/stack.ts';
import type { Supervisor } from './provision/supervisor.ts';
import type { SelectWitness } from './witness.ts';

/** What all trials of a run share. */
export interface BenchContext {
  root: string;
  runId: string;
  options: RunOptions;
  stack: Stack & {
    postgres: NonNullable<Stack['postgres']>;
    redis: NonNullable<Stack['redis']>;
    k6: NonNullable<Stack['k6']>;
  };
  supervisor: Supervisor;
  /** Null without `pg_stat_statements`. */
  witness: SelectWitness | null;
  /** Digest of the restaurant's rows as seeded. */
  restaurantDigest: string;
  /** The rows as seeded. */
  dataset: Dataset;
  /** The page under test, and the dish whose price is edited. */
  page: { path: string; updatePath: string };
  /** For k6's raw output; emptied after each trial. */
  scratchFolder: string;
}

/** The restaurant of the story. */
export const RESTAURANT = 'lao-zhang';
