import type { Sample } from '../contract.ts';
import { notSet, type SettingExercise, type Verdict } from './exercise.ts';
import { sumOf, worstP99Ms } from './figures.ts';
import { lasting, type Workshop } from './workshop.ts';

const WATCH_MS = 10_000;
const MIN_READS = 120;
const MOST_P99_MS = 2000;

/** Block 7: the cache is gone, the readers are not. */
export const deadRedis: SettingExercise = {
  number: 7,
  block: 7,
  title: 'The page without its cache',
  task: 'At 120 page views per second or more Redis dies. Find a setting in which no page fails in the 10 s after that, and 99 of 100 take less than 2 s.',
  seconds: 16,
  answer: null,
  check: async (workshop: Workshop): Promise<Verdict> => {
    const { knobs, services } = await workshop.state();
    const wrong = [
      services.redis === 'up'
        ? ''
        : `Redis is ${services.redis} already: bring it back with key 4.`,
      knobs.readsPerSecond >= MIN_READS ? '' : `There are ${knobs.readsPerSecond} reads/s.`,
    ].filter((line) => line !== '');
    if (wrong.length > 0) return notSet(wrong, `Set ${MIN_READS} reads/s or more, with Redis up.`);
    try {
      await workshop.act('kill-redis');
      return judgeDeadRedis(await workshop.watch(lasting(WATCH_MS)));
    } finally {
      await workshop.undo('bring-redis-back');
    }
  },
};

export function judgeDeadRedis(samples: readonly Sample[]): Verdict {
  const requests = sumOf(samples, (sample) => sample.requests);
  const errors = sumOf(samples, (sample) => sample.errors);
  const p99Ms = worstP99Ms(samples);
  const peak = Math.max(0, ...samples.map(({ loadsInFlight }) => loadsInFlight));
  return {
    passed: requests > 0 && errors === 0 && p99Ms !== null && p99Ms < MOST_P99_MS,
    did: `Killed Redis, watched ${WATCH_MS / 1000} s, brought it back empty.`,
    saw: [
      `${errors} of ${requests} pages failed; the worst p99 was ${p99Ms === null ? 'none' : `${(p99Ms / 1000).toFixed(1)} s`}.`,
      `Up to ${peak} database connections at work at once.`,
    ],
    lookAt:
      'Every reader now loads for himself, unless the readers of a process share. Look at the loads in flight, and at how many wait for a connection.',
  };
}
