import type { RawOptions } from '../options.ts';
import type { RunResult, TrialRecord } from '../result.ts';

/** A long check of the lab or of what it promises: a bench of its own, and a judgement of its result. */
export interface Criterion {
  /** For `--help`: what is checked, and about how long it takes. */
  about: string;
  experiments: string[];
  /** Flags of `bench`, by their long name, e.g. `{ profile: 'full', arms: 'lock,lease' }`. */
  flags: RawOptions;
  /** In place of the profile's rounds and seconds. */
  design?: { rounds: number; warmSeconds: number; measureSeconds: number };
  /** Pure. One line per figure with its n and its bound. */
  judge(result: RunResult, records: readonly TrialRecord[]): { lines: string[]; passed: boolean };
}
