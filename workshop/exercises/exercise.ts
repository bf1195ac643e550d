import type { Workshop } from './workshop.ts';

/** What a check found. */
export interface Verdict {
  passed: boolean;
  /** What the check did, one sentence. */
  did: string;
  /** What it saw, a line each, with numbers. */
  saw: string[];
  /** Where to look next, whether passed or not. */
  lookAt: string;
}

interface Common {
  /** 1 … 8, as in the guide. */
  number: number;
  /** Block of the guide that it belongs to. */
  block: number;
  title: string;
  /** What to bring about, or to find out. */
  task: string;
  /** About how long the check takes. */
  seconds: number;
}

/** The participant gives a number, and the check measures it anew. */
export interface QuestionExercise extends Common {
  /** Unit and range, both ends included, of `--answer`. */
  answer: { unit: string; low: number; high: number };
  check(workshop: Workshop, answer: number): Promise<Verdict>;
}

/** The participant turns the knobs, and the check measures whether the room now does what was asked. */
export interface SettingExercise extends Common {
  answer: null;
  check(workshop: Workshop): Promise<Verdict>;
}

export type Exercise = QuestionExercise | SettingExercise;

/** The verdict where the room is not set for the exercise: nothing was measured. */
export function notSet(wrong: readonly string[], lookAt: string): Verdict {
  return { passed: false, did: 'Nothing yet: the knobs stand elsewhere.', saw: [...wrong], lookAt };
}
