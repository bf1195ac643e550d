// One worker of a web service whose only work is to wait for one reply. Says its port.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';
import { openBlockingClient } from './blocking-client.ts';
import { tell } from './threads.ts';
import { clientOf, keyOf } from './ways.ts';

const { port, client } = workerData as { port: number; client: 'blocking' | 'async' };
let asked = 0;
const nextKey = (): string => keyOf(asked++);
const handle = client === 'blocking' ? await blocking() : await asynchronous();

/** The event loop stands still during each wait: requests that arrive meanwhile are not even read. */
async function blocking(): Promise<() => Promise<Buffer>> {
  const redis = await openBlockingClient(port);
  return () =>
    new Promise((resolve) => {
      resolve(redis.get(nextKey()));
    });
}

async function asynchronous(): Promise<() => Promise<Buffer>> {
  const redis = clientOf(port);
  await redis.ping();
  return async () => (await redis.getBuffer(nextKey())) ?? Buffer.alloc(0);
}

const server = createServer((_request, response) => {
  handle().then(
    (value) => response.end(value),
    () => response.writeHead(500).end(),
  );
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
tell(parentPort, typeof address === 'object' ? address?.port : 0);
