import { z } from 'zod';
import { PRESETS } from '../../server/cache/presets.ts';
import {
  ACTIONS,
  type ActionName,
  KNOB_CHOICES,
  KNOB_RANGES,
  type Knobs,
  type PredictionInput,
  QUESTIONS,
  type QuestionId,
  SENTENCES,
  type SentenceInput,
} from '../contract.ts';

// Messages end the sentence "ttlSeconds is 0; allowed: …". What fits here may still make no sense to the room, which says so.

const oneOf = <const T extends readonly string[]>(names: T): z.ZodType<T[number]> =>
  z.enum(names, { error: names.join(', ') });

const orPresets = <T>(schema: z.ZodType<T>, allowed: string): z.ZodType<T | null> =>
  z.union([schema, z.null()], { error: `${allowed}, or null for the preset’s own` });

function range(name: keyof typeof KNOB_RANGES): { schema: z.ZodType<number>; allowed: string } {
  const [low, high] = KNOB_RANGES[name];
  const allowed = `a number from ${low} to ${high}`;
  return { schema: z.number({ error: allowed }).min(low, allowed).max(high, allowed), allowed };
}

const ttl = range('ttlSeconds');
const jitter = range('jitter');
const memory = range('maxmemoryMb');

/** `PUT /api/knobs`. */
export const knobsBody: z.ZodType<Partial<Knobs>> = z
  .strictObject(
    {
      preset: oneOf(PRESETS.map(({ name }) => name)),
      ttlSeconds: orPresets(ttl.schema, ttl.allowed),
      jitter: orPresets(jitter.schema, jitter.allowed),
      coalesce: orPresets(oneOf(KNOB_CHOICES.coalesce), KNOB_CHOICES.coalesce.join(', ')),
      gate: orPresets(oneOf(KNOB_CHOICES.gate), KNOB_CHOICES.gate.join(', ')),
      invalidate: orPresets(oneOf(KNOB_CHOICES.invalidate), KNOB_CHOICES.invalidate.join(', ')),
      maxmemoryMb: z.union([memory.schema, z.null()], {
        error: `${memory.allowed}, or null for no limit`,
      }),
      maxmemoryPolicy: oneOf(KNOB_CHOICES.maxmemoryPolicy),
      readsPerSecond: range('readsPerSecond').schema,
      writesPerMinute: range('writesPerMinute').schema,
      otherStoresShare: range('otherStoresShare').schema,
      dbLatencyMs: range('dbLatencyMs').schema,
    },
    { error: 'a JSON object whose names are knobs' },
  )
  .partial() as z.ZodType<Partial<Knobs>>;

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
  },
  { error: 'a JSON object with sentence, ttlSeconds, readsPerSecond, editsPerMinute, loadMs' },
);
