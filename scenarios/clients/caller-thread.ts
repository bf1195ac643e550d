// Half of the callers of the way `workers`: a thread with a connection of its own, told when to begin.
import { parentPort, workerData } from 'node:worker_threads';
import { runLoop } from './closed-loop.ts';
import { tell } from './threads.ts';
import { openWay } from './ways.ts';

const way = await openWay('shared', (workerData as { port: number }).port);
parentPort?.on('message', (design: Parameters<typeof runLoop>[0]) => {
  void runLoop(design, way.ask).then((loop) => tell(parentPort, loop));
});
tell(parentPort, 'ready');
