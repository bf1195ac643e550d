import type { Sample } from '../contract.ts';
import { notSet, type QuestionExercise, type Verdict } from './exercise.ts';
import { oldAnswersIn } from './figures.ts';
import { lasting, type Workshop } from './workshop.ts';

const QUIET_MS = 3000;
const LONGEST_TTL_S = 30;
const MIN_READS = 2;

/** Block 3: a TTL is a promise about age. */
export const oldPrice: QuestionExercise = {
  number: 3,
  block: 3,
  title: 'How long the old price lives',
  task: 'Policy cached with a TTL of 5 to 30 s: the owner changes the price just after the page was built. For how many seconds do guests see the old price?',
  seconds: 20,
  answer: { unit: 's', low: 0, high: 3600 },
  check: async (workshop: Workshop, answer: number): Promise<Verdict> => {
    const { knobs, price } = await workshop.state();
    const { preset, ttlSeconds, readsPerSecond } = knobs;
    const wrong = [
      ttlSeconds !== null && ttlSeconds <= LONGEST_TTL_S
        ? ''
        : `The TTL is ${ttlSeconds === null ? `that of the policy ${preset}` : `${ttlSeconds} s`}: nobody waits for its end here.`,
      readsPerSecond >= MIN_READS ? '' : `There are ${readsPerSecond} reads/s: too few to see it.`,
    ].filter((line) => line !== '');
    if (ttlSeconds === null || wrong.length > 0) {
      return notSet(wrong, `Set policy cached, TTL 10 s, ${MIN_READS} reads/s or more.`);
    }
    await workshop.act('expire-now');
    try {
      await workshop.view();
      const edited = await workshop.act('edit-price');
      const longEnough = lasting((ttlSeconds * 1.5 + 5) * 1000);
      const samples = await workshop.watch(
        (seen) => longEnough(seen) || (lasting(QUIET_MS)(seen) && isQuiet(seen)),
      );
      return judgeOldPrice(samples, edited.atMs, answer);
    } finally {
      await workshop.putPriceBack(price);
    }
  },
};

/** Whether its last 3 s showed pages, and the new price alone. */
function isQuiet(samples: readonly Sample[]): boolean {
  const endMs = samples.at(-1)?.atMs ?? 0;
  const last = samples.filter(({ atMs }) => atMs > endMs - QUIET_MS);
  return last.some(({ requests }) => requests > 0) && oldAnswersIn(last) === 0;
}

/** @param answer - In seconds; a quarter beside it, or 1 s, still counts. */
export function judgeOldPrice(
  samples: readonly Sample[],
  editedAtMs: number,
  answer: number,
): Verdict {
  const last = samples.findLast(({ staleShare }) => staleShare !== null && staleShare > 0);
  const seconds = last === undefined ? 0 : (last.atMs - editedAtMs) / 1000;
  const old = oldAnswersIn(samples);
  const ended = isQuiet(samples);
  return {
    passed: ended && Math.abs(seconds - answer) <= Math.max(1, seconds / 4),
    did: 'Let the copy expire, had it built, changed the price at once, and watched until guests saw the new one; then put the price back.',
    saw: [
      old === 0
        ? 'No guest saw the old price.'
        : `${old} ${old === 1 ? 'guest' : 'guests'} saw the old price, the last ${seconds.toFixed(1)} s after the change${ended ? '' : ', and it did not end'}.`,
      `Your answer: ${answer} s; a quarter beside it, or 1 s, still counts.`,
    ],
    lookAt:
      'The chart of the age: what is its highest point, and what has that to do with the TTL?',
  };
}
