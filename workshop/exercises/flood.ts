import type { Sample } from '../contract.ts';
import type { SettingExercise, Verdict } from './exercise.ts';
import { selectsIn, sumOf } from './figures.ts';
import { lasting, type Workshop } from './workshop.ts';

const FLOOD_MS = 9000;
const MOST_PER_REQUEST = 0.1;
/** SELECTs/s before the flood; more of them are loads of the page itself. */
const MOST_USUAL = 10;

/** Block 6: requests for what does not exist. */
export const flood: SettingExercise = {
  number: 6,
  block: 6,
  title: 'A flood of stores that do not exist',
  task: 'Key 9 asks for 100 random stores a second that do not exist. Find a setting in which fewer than 1 in 10 of those requests reaches Postgres, while the restaurant’s page is answered from its copy.',
  seconds: 14,
  answer: null,
  check: async (workshop: Workshop): Promise<Verdict> => {
    // The page itself must not be loaded meanwhile: its statements would hide the flood's.
    await workshop.view();
    const before = await workshop.watch(lasting(2000));
    await workshop.act('flood');
    return judgeFlood(before, await workshop.watch(lasting(FLOOD_MS)));
  },
};

export function judgeFlood(before: readonly Sample[], during: readonly Sample[]): Verdict {
  const seconds = sumOf(during, ({ spanMs }) => spanMs) / 1000;
  const usual = rate(before);
  const requests = Math.max(0, sumOf(during, (one) => one.requests) - usual.requests * seconds);
  const selects = Math.max(0, selectsIn(during) - usual.selects * seconds);
  const each = requests === 0 ? 0 : selects / requests;
  const did = `Started the flood and counted statements for ${seconds.toFixed(0)} s.`;
  if (requests < 100) {
    return {
      passed: false,
      did,
      saw: [`Only ${requests.toFixed(0)} more requests than before: the flood did not arrive.`],
      lookAt: 'Is k6 running? Run the check again.',
    };
  }
  return {
    passed: each < MOST_PER_REQUEST && usual.selects < MOST_USUAL,
    did,
    saw: [
      `${requests.toFixed(0)} requests of the flood ran ${selects.toFixed(0)} SELECTs: ${each.toFixed(2)} each.`,
      `Before it Postgres ran ${usual.selects.toFixed(0)} SELECTs/s${usual.selects < MOST_USUAL ? '' : ': the page is not answered from its copy'}.`,
    ],
    lookAt:
      'A note "not found" helps whoever asks for the same name twice; random names are asked for once. What knows all names that do exist?',
  };
}

function rate(samples: readonly Sample[]): { requests: number; selects: number } {
  const seconds = sumOf(samples, ({ spanMs }) => spanMs) / 1000;
  const requests = sumOf(samples, (sample) => sample.requests);
  return { requests: requests / seconds, selects: selectsIn(samples) / seconds };
}
