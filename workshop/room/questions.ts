import { type PredictionInput, type Question, type QuestionId, QUESTIONS } from '../contract.ts';
import type { Core } from './core.ts';
import { ascending } from './meter.ts';
import { RefusalError } from './refusal.ts';
import { type Reveal, REVEALS } from './reveals.ts';

const MAX_VOICES = 500;

/** The question that is asked, its predictions, and its answer. */
export class Questions {
  readonly #core: Core;
  /** Of the question that is asked, by browser. */
  #voices = new Map<string, number>();

  constructor(core: Core) {
    this.#core = core;
  }

  ask(id: QuestionId): Question {
    known(id);
    const before = this.#core.question;
    if (before?.state === 'running')
      throw new RefusalError(
        `Question ${before.id} is being revealed: ask the next one after that.`,
        id,
        409,
      );
    if (before !== null) this.#core.history.asked(before);
    this.#voices = new Map();
    return this.#become({
      ...{ id, askedAtMs: Date.now(), predictions: [], state: 'open', answer: null, how: '' },
    });
  }

  predict({ id, who, value }: PredictionInput): Question {
    const { low, high, unit } = known(id);
    const question = this.#core.question;
    if (question === null || question.id !== id || question.state !== 'open') {
      const now = question === null ? 'none' : `${question.id}, ${question.state}`;
      throw new RefusalError(
        `Predictions of ${id} are not taken now (the question is ${now}): wait until it is asked.`,
        id,
        409,
      );
    }
    if (typeof who !== 'string' || !/^[A-Za-z0-9-]{8,40}$/.test(who))
      throw new RefusalError(
        'who is not usable; it has to be 8 to 40 letters, digits or hyphens: reload the page for a new one.',
        id,
      );
    if (typeof value !== 'number' || !(value >= low && value <= high))
      throw new RefusalError(
        `value is ${JSON.stringify(value)}; allowed is a number from ${low} to ${high} ${unit}: move the slider and send again.`,
        id,
      );
    if (!this.#voices.has(who) && this.#voices.size >= MAX_VOICES)
      throw new RefusalError(
        `${MAX_VOICES} predictions are in already: no more are taken for this question.`,
        id,
        429,
      );
    this.#voices.set(who, value);
    return this.#become({
      ...question,
      predictions: [...this.#voices.values()].sort(ascending),
    });
  }

  reveal(id: QuestionId): Question {
    const core = this.#core;
    known(id);
    const { question } = core;
    if (question === null || question.id !== id)
      throw new RefusalError(`Question ${id} is not asked: ask it first, then reveal it.`, id, 409);
    if (question.state === 'revealed')
      throw new RefusalError(`Question ${id} is revealed already: ask it again first.`, id, 409);
    core.mustBeIdle(id);
    const { check, run, lastsMs } = REVEALS[id];
    check(core);
    core.underWay = { what: `Revealing ${id}`, untilMs: Date.now() + lastsMs };
    const running = this.#become({ ...question, state: 'running', how: '' });
    core.mark({ kind: 'question', what: id, detail: `${question.predictions.length} predictions` });
    void this.#answer(running, run);
    return running;
  }

  async #answer(running: Question, run: Reveal['run']): Promise<void> {
    const core = this.#core;
    const ended = await core
      .inTurn(() => run(core))
      .then(
        (found): Question => ({ ...running, ...found, state: 'revealed' }),
        (error: unknown): Question => ({ ...running, state: 'failed', how: whyOf(error) }),
      );
    core.underWay = null;
    this.#become(ended);
  }

  #become(question: Question): Question {
    this.#core.question = question;
    this.#core.changed();
    return question;
  }
}

/** For people: what an error says. */
export function whyOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function known(id: QuestionId): (typeof QUESTIONS)[number] {
  const found = QUESTIONS.find((question) => question.id === id);
  if (found !== undefined) return found;
  const names = QUESTIONS.map((question) => question.id).join(', ');
  throw new RefusalError(`There is no question ${JSON.stringify(id)}: ask one of ${names}.`, null);
}
