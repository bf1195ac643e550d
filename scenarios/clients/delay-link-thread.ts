// The link in a thread of its own; says its port.
import { parentPort, workerData } from 'node:worker_threads';
import { openDelayLink } from './delay-link.ts';

const { port, roundTripMs } = workerData as { port: number; roundTripMs: number };
const link = await openDelayLink(port, roundTripMs);
parentPort?.postMessage(link.port);
