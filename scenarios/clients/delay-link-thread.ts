// The link in a thread of its own; says its port.
import { parentPort, workerData } from 'node:worker_threads';
import { openDelayLink } from './delay-link.ts';
import { tell } from './threads.ts';

const { port, roundTripMs } = workerData as { port: number; roundTripMs: number };
const link = await openDelayLink(port, roundTripMs);
tell(parentPort, link.port);
