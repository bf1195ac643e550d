// Owner of a blocking client's socket: asks Redis what it is told to, and wakes the caller when the reply is there.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { MOST_BYTES, SLOT } from './blocking-client.ts';
import { tell } from './threads.ts';
import { clientOf } from './ways.ts';

const { port, memory } = workerData as { port: number; memory: SharedArrayBuffer };
const [state, bytes] = [new Int32Array(memory, 0, 2), new Uint8Array(memory, 8)];
const redis = clientOf(port);
await redis.ping();

function answer(outcome: 'answered' | 'failed', value: Buffer): void {
  bytes.set(value.subarray(0, MOST_BYTES));
  state[1] = Math.min(value.length, MOST_BYTES);
  Atomics.store(state, 0, SLOT[outcome]);
  Atomics.notify(state, 0);
}

parentPort?.once('message', (calls: MessagePort) => {
  calls.on('message', (key: string) => {
    redis.getBuffer(key).then(
      (value) => answer('answered', value ?? Buffer.alloc(0)),
      (error: unknown) => answer('failed', Buffer.from(String(error))),
    );
  });
});
tell(parentPort, 'ready');
