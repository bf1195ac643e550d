import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { startThread } from './threads.ts';

/** A link to a service on this host that is as far away as we say. */
export interface DelayLink {
  port: number;
  close(): Promise<void>;
}

interface Held {
  dueMs: number;
  to: Socket;
  bytes: Buffer;
}

/** Timers come 1 to 2 ms late: the last stretch is polled for. */
const POLLED_MS = 2;

/**
 * A TCP link on loopback that holds every reply back: the round trip of a network. The whole of it is added on the way back.
 * It delays and limits nothing else: bandwidth, window and loss of a real network are not there.
 * @param port - Of the service. @param roundTripMs - Added to what loopback takes by itself.
 */
export async function openDelayLink(port: number, roundTripMs: number): Promise<DelayLink> {
  const sockets = new Set<Socket>();
  // One delay for all: what came first is due first, whichever connection it belongs to.
  const held: Held[] = [];
  let isWaiting = false;

  function release(): void {
    const nowMs = performance.now();
    while (held.length > 0 && held[0]!.dueMs <= nowMs) {
      const { to, bytes } = held.shift()!;
      to.write(bytes);
    }
    const next = held[0];
    isWaiting = next !== undefined;
    if (next === undefined) return;
    const waitMs = next.dueMs - nowMs;
    if (waitMs > POLLED_MS) setTimeout(release, waitMs - POLLED_MS);
    else setImmediate(release);
  }

  const server = createServer({ noDelay: true }, (client) => {
    const service = connect({ host: '127.0.0.1', port, noDelay: true });
    for (const socket of [client, service]) {
      sockets.add(socket);
      socket.on('error', () => {}); // its end follows, and ends the other side
    }
    client.on('data', (bytes) => service.write(bytes));
    service.on('data', (bytes) => {
      held.push({ dueMs: performance.now() + roundTripMs, to: client, bytes });
      if (!isWaiting) release();
    });
    client.on('close', () => service.destroy());
    service.on('close', () => client.destroy());
    for (const socket of [client, service]) socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    async close() {
      for (const socket of sockets) socket.destroy();
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}

/**
 * Does something through a link in a thread of its own, so that holding back costs the clients' event loop nothing.
 * @param roundTripMs - With 0 there is no link. @param body - Is given the port to connect to.
 */
export async function throughLink<T>(
  port: number,
  roundTripMs: number,
  body: (port: number) => Promise<T>,
): Promise<T> {
  if (roundTripMs === 0) return body(port);
  const file = new URL('delay-link-thread.ts', import.meta.url).href;
  const link = await startThread<number>(file, { port, roundTripMs });
  try {
    return await body(link.ready);
  } finally {
    await link.stop();
  }
}
