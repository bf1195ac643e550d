import type { Supervisor } from '../provision/supervisor.ts';
import type { Progress } from '../progress.ts';
import type { RawOptions } from '../options.ts';
import type { ProfileDesign } from '../experiment.ts';
import type { RunResult, TrialRecord } from '../result.ts';

/** What a check says: one line per figure with its n and its bound. */
export interface Judgement {
  lines: string[];
  passed: boolean;
}

/** A long check of the lab or of what it promises: a bench of its own, and a judgement of its result. */
export interface BenchCriterion {
  kind: 'bench';
  /** What is checked, and about how long it takes. */
  about: string;
  experiments: string[];
  /** Flags of `bench`, by their long name, e.g. `{ profile: 'full', arms: 'lock,lease' }`. */
  flags: RawOptions;
  /** In place of the profile's rounds and seconds. */
  design?: Omit<ProfileDesign, 'arms'>;
  /** Pure. */
  judge(result: RunResult, records: readonly TrialRecord[]): Judgement;
}

/** A check that is no bench: it starts what it needs through the supervisor. */
export interface OwnCriterion {
  kind: 'own';
  about: string;
  run(options: { root: string; supervisor: Supervisor; progress: Progress }): Promise<Judgement>;
}

export type Criterion = BenchCriterion | OwnCriterion;
