import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type Loop, runLoop } from './closed-loop.ts';
import { startThread } from './threads.ts';

/**
 * The three services of the story's table.
 * `sync`: four workers of which each waits for its reply. `async-sync`: one event loop, and a client that blocks it.
 * `async`: one event loop that goes on with the next request while it waits.
 */
export const SERVICES = {
  sync: { title: 'synchronous service, synchronous client', workers: 4, client: 'blocking' },
  'async-sync': { title: 'event loop, synchronous client', workers: 1, client: 'blocking' },
  async: { title: 'event loop, asynchronous client', workers: 1, client: 'async' },
} as const;
export type ServiceName = keyof typeof SERVICES;

/** Starts a service, loads it with each number of callers in turn, and ends it. */
export async function loadService(
  name: ServiceName,
  port: number,
  design: { callers: readonly number[]; warmSeconds: number; seconds: number },
): Promise<{ callers: number; loop: Loop }[]> {
  const { workers, client } = SERVICES[name];
  const file = new URL('service-thread.ts', import.meta.url).href;
  const threads = await Promise.all(
    Array.from({ length: workers }, () => startThread<number>(file, { port, client })),
  );
  try {
    const loops: { callers: number; loop: Loop }[] = [];
    for (const callers of design.callers) {
      // An even load balancer: caller by caller, to the next worker.
      const open = Array.from({ length: callers }, (_, index) =>
        openCaller(threads[index % threads.length]!.ready),
      );
      const clients = await Promise.all(open);
      // A connection that is not accepted yet stands outside of the queue: each asks once before the loop begins.
      await Promise.all(clients.map((one) => one.request()));
      const loop = await runLoop({ ...design, callers }, (index) => clients[index]!.request());
      for (const one of clients) one.close();
      loops.push({ callers, loop });
    }
    return loops;
  } finally {
    await Promise.all(threads.map((thread) => thread.stop()));
  }
}

/** A user with a connection of their own: as little work as HTTP/1.1 allows, since service and users share the machine. */
async function openCaller(port: number): Promise<{ request(): Promise<number>; close(): void }> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  await once(socket, 'connect');
  socket.on('error', () => {}); // its close follows, and fails the request
  return { request: () => requestOn(socket), close: () => socket.destroy() };
}

async function requestOn(socket: Socket): Promise<number> {
  return new Promise((resolve, reject) => {
    let received = '';
    const failed = (): void => reject(new Error('the service closed the connection'));
    const onData = (bytes: Buffer): void => {
      received += bytes.toString('latin1');
      const body = received.indexOf('\r\n\r\n') + 4;
      const length = /content-length: (\d+)/i.exec(received)?.[1];
      if (body < 4 || length === undefined || received.length < body + Number(length)) return;
      socket.off('data', onData);
      socket.off('close', failed);
      if (received.startsWith('HTTP/1.1 200')) resolve(1);
      else reject(new Error(`the service answered ${received.slice(0, 40)}`));
    };
    socket.on('data', onData);
    socket.on('close', failed);
    socket.write('GET / HTTP/1.1\r\nhost: service\r\n\r\n');
  });
}
