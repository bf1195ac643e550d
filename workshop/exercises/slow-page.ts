import { type QuestionExercise, notSet, type Verdict } from './exercise.ts';
import type { Workshop } from './workshop.ts';

/** Block 1: the number that the whole story begins with, by two witnesses. */
export const slowPage: QuestionExercise = {
  number: 1,
  block: 1,
  title: 'The slow page',
  task: 'How many SELECTs does one view of the restaurant’s page run without a cache? Count them by two witnesses: the ticks of the query strip, and the shapes of the statements in the evidence drawer.',
  seconds: 2,
  answer: { unit: 'SELECTs', low: 0, high: 10_000 },
  check: async (workshop: Workshop, answer: number): Promise<Verdict> => {
    const view = await workshop.view();
    const ticks = view.queries.length;
    if (ticks === 0) {
      const saw = `The view was a ${view.outcome ?? 'page without a word on the cache'}, of 0 queries.`;
      return notSet([saw], 'Set policy to uncached, so that every view loads.');
    }
    const { sql } = await workshop.evidence();
    const counted = sql.reduce((sum, { count }) => sum + count, 0);
    const shapes = sql.length;
    return {
      passed: ticks === answer && counted === answer,
      did: 'Asked for the page once and counted its queries by the answer and by the evidence.',
      saw: [
        `The answer names ${ticks} queries; the evidence ${counted}, of ${shapes} shapes.`,
        `Your answer: ${answer}.`,
      ],
      lookAt: `${ticks} queries of ${shapes} shapes: which shape runs once for each category? Set policy to joined and look again.`,
    };
  },
};
