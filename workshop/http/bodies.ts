import { z } from 'zod';
import {
  ACTIONS,
  type ActionName,
  type PredictionInput,
  QUESTIONS,
  type QuestionId,
  SENTENCES,
  type SentenceInput,
} from '../contract.ts';

// Messages end the sentence "who is 7; allowed: …". What fits here may still make no sense to the room, which says so. Knobs are
// not here: the room itself reads what was sent.

const oneOf = <const T extends readonly string[]>(names: T): z.ZodType<T[number]> =>
  z.enum(names, { error: names.join(', ') });

/** The name in `POST /api/actions/:name`. */
export const actionName: z.ZodType<{ action: ActionName }> = z.object({
  action: oneOf(ACTIONS.map(({ name }) => name)),
});

const questionId = oneOf(QUESTIONS.map(({ id }) => id));

/** `POST /api/questions`, and the id in `POST /api/questions/:id/reveal`. */
export const questionBody: z.ZodType<{ id: QuestionId }> = z.strictObject(
  { id: questionId },
  { error: 'a JSON object {"id": …}' },
);

const number = z.number({ error: 'a number' });

/** `POST /api/predictions`. */
export const predictionBody: z.ZodType<PredictionInput> = z.strictObject(
  {
    id: questionId,
    who: z
      .string({ error: '8 to 40 characters of A-Z a-z 0-9 -' })
      .regex(/^[A-Za-z0-9-]{8,40}$/, '8 to 40 characters of A-Z a-z 0-9 -'),
    value: number,
  },
  { error: 'a JSON object {"id": …, "who": …, "value": …}' },
);

/** `POST /api/measure`. */
export const sentenceBody: z.ZodType<SentenceInput> = z.strictObject(
  {
    sentence: oneOf(SENTENCES),
    ttlSeconds: number,
    readsPerSecond: number,
    editsPerMinute: number,
    loadMs: number,
    copies: number.exactOptional(),
    jitter: number.exactOptional(),
  },
  { error: 'a JSON object with sentence, ttlSeconds, readsPerSecond, editsPerMinute, loadMs' },
);
