import type { Knobs, Mark, Measured, Question, Sample } from '../contract.ts';
import { joinSamples } from '../takehome/session.ts';

const REPLAY_MS = 120_000;
/** Four hours at one a second. */
const MAX_SECONDS = 4 * 3600;
const SAMPLES_A_SECOND = 4;
const MAX_MARKS = 5000;
/** Turns of knobs and questions; a room does not come near. */
const MAX_OTHERS = 2000;

/** What happened since the room opened: whole for the last 120 s, one sample a second for the take-home. */
export class History {
  #samples: Sample[] = [];
  #second: Sample[] = [];
  readonly #seconds: Sample[] = [];
  readonly #marks: Mark[] = [];
  readonly #knobs: { atMs: number; knobs: Knobs; policy: string }[] = [];
  readonly #questions: Question[] = [];
  readonly #measured: { atMs: number; measured: Measured }[] = [];
  #sampleId = 0;
  #markId = 0;

  sample(facts: Omit<Sample, 'id'>): Sample {
    this.#sampleId += 1;
    const sample = { id: this.#sampleId, ...facts };
    this.#samples.push(sample);
    const first = this.#samples.findIndex(({ atMs }) => atMs > sample.atMs - REPLAY_MS);
    if (first > 0) this.#samples = this.#samples.slice(first);
    this.#second.push(sample);
    if (this.#second.length === SAMPLES_A_SECOND) {
      push(this.#seconds, joinSamples(this.#second), MAX_SECONDS);
      this.#second = [];
    }
    return sample;
  }

  mark(facts: Omit<Mark, 'id' | 'atMs'>): Mark {
    this.#markId += 1;
    const mark = { id: this.#markId, atMs: Date.now(), ...facts };
    push(this.#marks, mark, MAX_MARKS);
    return mark;
  }

  turned(knobs: Knobs, policy: string): void {
    push(this.#knobs, { atMs: Date.now(), knobs, policy }, MAX_OTHERS);
  }

  /** A question that is over. */
  asked(question: Question): void {
    push(this.#questions, question, MAX_OTHERS);
  }

  measured(measured: Measured): void {
    push(this.#measured, { atMs: Date.now(), measured }, MAX_OTHERS);
  }

  recent(): { samples: Sample[]; marks: Mark[] } {
    const sinceMs = Date.now() - REPLAY_MS;
    return {
      samples: [...this.#samples],
      marks: this.#marks.filter(({ atMs }) => atMs > sinceMs),
    };
  }

  /** @param question - The one that is asked now, which belongs to the others. */
  all(question: Question | null): {
    marks: Mark[];
    samples: Sample[];
    knobs: { atMs: number; knobs: Knobs; policy: string }[];
    questions: Question[];
    measured: { atMs: number; measured: Measured }[];
  } {
    return {
      marks: [...this.#marks],
      samples: [...this.#seconds],
      knobs: [...this.#knobs],
      questions: [...this.#questions, ...(question === null ? [] : [question])],
      measured: [...this.#measured],
    };
  }
}

/** The oldest goes when there are too many: the marks keep their numbers. */
function push<T>(list: T[], value: T, most: number): void {
  list.push(value);
  if (list.length > most) list.shift();
}
