import type { Sample } from '../contract.ts';
import { notSet, type SettingExercise, type Verdict } from './exercise.ts';
import { sumOf } from './figures.ts';
import { lasting, type Workshop } from './workshop.ts';

const TIMES = 3;
const WATCH_MS = 4000;
const MIN_READS = 10;

/** Block 5: two processes, so a promise within one process is not enough. */
export const oneLoad: SettingExercise = {
  number: 5,
  block: 5,
  title: 'One expiry, one load',
  task: 'At 10 page views per second or more: find a setting in which the page is loaded exactly once when its copy expires, though two server processes answer.',
  seconds: TIMES * 5,
  answer: null,
  check: async (workshop: Workshop): Promise<Verdict> => {
    const { readsPerSecond, otherStoresShare } = (await workshop.state()).knobs;
    const wrong = [
      readsPerSecond >= MIN_READS
        ? ''
        : `There are ${readsPerSecond} reads/s: too few to meet an expiry together.`,
      otherStoresShare === 0 ? '' : 'Other stores are read too, and their loads would count.',
    ].filter((line) => line !== '');
    if (wrong.length > 0) {
      return notSet(wrong, `Set ${MIN_READS} reads/s or more, and no share of other stores.`);
    }
    const expiries: Sample[][] = [];
    for (let time = 0; time < TIMES; time += 1) {
      await workshop.act('expire-now');
      expiries.push(await workshop.watch(lasting(WATCH_MS)));
    }
    return judgeOneLoad(expiries);
  },
};

/** @param expiries - The samples after each. */
export function judgeOneLoad(expiries: readonly (readonly Sample[])[]): Verdict {
  const loads = expiries.map((samples) => sumOf(samples, (sample) => sample.loads));
  const views = expiries.map((samples) => sumOf(samples, ({ requests }) => requests));
  const most = Math.max(...loads);
  return {
    passed: loads.every((count) => count === 1),
    did: `Let the copy expire ${expiries.length} times under load and counted the loads of the ${WATCH_MS / 1000} s after each.`,
    saw: [`${loads.join(', ')} loads, while ${views.join(', ')} views were answered.`],
    lookAt:
      most === 2
        ? 'Two: one for each process. What would have to agree across processes?'
        : 'The chart of loads in flight at the line of the expiry; then the slowest reader of that second: who waited for whom?',
  };
}
