import { parentPort } from 'node:worker_threads';
import { runCell } from './cells.ts';
import type { SweepAnswer, SweepWork } from './sweep.ts';

parentPort?.on('message', ({ trace, cells, next }: SweepWork) => {
  for (let at = Atomics.add(next, 0, 1); at < cells.length; at = Atomics.add(next, 0, 1)) {
    const answer: SweepAnswer = { at, result: runCell(trace, cells[at]!) };
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a message port is no window
    parentPort?.postMessage(answer);
  }
});
