import type { Sample } from '../contract.ts';
import { notSet, type SettingExercise, type Verdict } from './exercise.ts';
import { ageWithinMs, hitRatioIn, sumOf } from './figures.ts';
import { lasting, type Workshop } from './workshop.ts';

const WATCH_MS = 32_000;
const MOST_AGE_MS = 10_000;
const LEAST_HIT_RATIO = 0.95;
const MIN_READS = 5;

/** Block 8: two wishes that pull in opposite directions; several settings meet both. */
export const choose: SettingExercise = {
  number: 8,
  block: 8,
  title: 'Fresh and fast',
  task: 'At 5 page views per second or more, with the database as slow as it is: 95 of 100 answers at most 10 s old, and a hit ratio of at least 95 %. There is more than one way.',
  seconds: WATCH_MS / 1000 + 1,
  answer: null,
  check: async (workshop: Workshop): Promise<Verdict> => {
    const { readsPerSecond, dbLatencyMs } = (await workshop.state()).knobs;
    const wrong = [
      readsPerSecond >= MIN_READS ? '' : `There are ${readsPerSecond} reads/s.`,
      dbLatencyMs >= 7.5
        ? ''
        : `The database answers in ${dbLatencyMs} ms: that is another question.`,
    ].filter((line) => line !== '');
    if (wrong.length > 0) {
      return notSet(wrong, `Set ${MIN_READS} reads/s or more and 7.5 ms of database latency.`);
    }
    return judgeChoice(await workshop.watch(lasting(WATCH_MS)));
  },
};

export function judgeChoice(samples: readonly Sample[]): Verdict {
  const ageMs = ageWithinMs(samples, 0.95);
  const ratio = hitRatioIn(samples);
  const errors = sumOf(samples, (sample) => sample.errors);
  const isFresh = ageMs !== null && ageMs <= MOST_AGE_MS;
  const isFast = ratio !== null && ratio >= LEAST_HIT_RATIO;
  return {
    passed: isFresh && isFast && errors === 0,
    did: `Watched ${WATCH_MS / 1000} s of page views; nothing was touched.`,
    saw: [
      `95 of 100 answers were at most ${ageMs === null ? '?' : (ageMs / 1000).toFixed(1)} s old: ${isFresh ? 'fresh enough' : 'too old'}.`,
      `${ratio === null ? '?' : (ratio * 100).toFixed(1)} % hits: ${isFast ? 'fast enough' : 'too few'}.`,
      ...(errors === 0 ? [] : [`${errors} pages failed.`]),
    ],
    lookAt:
      'A short life alone misses at every expiry, by as many readers as come during one load. Who could load before anybody has to wait?',
  };
}
