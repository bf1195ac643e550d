import type { Knobs, Sample } from '../contract.ts';
import { notSet, type QuestionExercise, type Verdict } from './exercise.ts';
import { hitRatioIn, sumOf } from './figures.ts';
import { lasting, type Workshop } from './workshop.ts';

/** So close must the answer be, in points of the hit ratio. The usual mistake is 7 to 8 away. */
const TOLERANCE = 4;
const SECONDS = 36;

/** Block 2: the arithmetic that everybody does in his head, and what it leaves out. */
export const hitRatio: QuestionExercise = {
  number: 2,
  block: 2,
  title: 'The hit ratio of a short life',
  task: 'Policy cached, TTL 10 s, 5 reads/s, no price changes: what is the hit ratio in percent? Reckon first, then read the chart. Whoever reckons that 1 reader in 50 misses is wrong: why?',
  seconds: SECONDS,
  answer: { unit: '%', low: 0, high: 100 },
  check: async (workshop: Workshop, answer: number): Promise<Verdict> => {
    const wrong = wrongKnobs((await workshop.state()).knobs);
    if (wrong.length > 0) {
      return notSet(wrong, 'Set policy cached, TTL 10 s, 5 reads/s, 0 price changes/min.');
    }
    return judgeHitRatio(await workshop.watch(lasting(SECONDS * 1000)), answer);
  },
};

/** @param answer - In percent. */
export function judgeHitRatio(samples: readonly Sample[], answer: number): Verdict {
  const did = `Watched ${SECONDS} s of page views, more than three lives of the copy.`;
  const ratio = hitRatioIn(samples);
  if (ratio === null) {
    const saw = ['Not one page was asked for.'];
    return { passed: false, did, saw, lookAt: 'Is k6 running? See the diagram.' };
  }
  const percent = ratio * 100;
  const views = sumOf(samples, ({ requests }) => requests);
  const loads = sumOf(samples, (sample) => sample.loads);
  return {
    passed: Math.abs(percent - answer) <= TOLERANCE,
    did,
    saw: [
      `${percent.toFixed(1)} % hits in ${views} views; ${loads} loads.`,
      `Your answer: ${answer} %; ${TOLERANCE} points away still count.`,
    ],
    lookAt:
      'While one reader loads for about a second, those who come meanwhile miss too: the chart of loads in flight shows them as a peak at each expiry. With T the life, Δ the load and λ the readers per second about λT of λT + λΔ + 1 readers hit.',
  };
}

function wrongKnobs(knobs: Knobs): string[] {
  const { preset, ttlSeconds, readsPerSecond, writesPerMinute } = knobs;
  return [
    preset === 'cached' ? '' : `The policy is ${preset}, wanted is cached.`,
    ttlSeconds === 10 ? '' : `The TTL is ${ttlSeconds ?? 'that of the policy'}, wanted is 10 s.`,
    readsPerSecond === 5 ? '' : `There are ${readsPerSecond} reads/s, wanted are 5.`,
    writesPerMinute === 0 ? '' : `There are ${writesPerMinute} price changes/min, wanted is none.`,
  ].filter((line) => line !== '');
}
