import { parentPort } from 'node:worker_threads';
import { answersOf, type SweepWork } from './sweep-jobs.ts';

parentPort?.on('message', (work: SweepWork) => {
  for (const answers of answersOf(work)) {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a message port is no window
    for (const answer of answers) parentPort?.postMessage(answer);
  }
});
