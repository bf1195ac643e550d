import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { Link } from './protocol.ts';

/** One client's way to the service. */
interface Passage {
  client: Socket;
  /** Null while bytes are held back: nothing was asked of the service yet. */
  service: Socket | null;
}

/** Does it now or later, one after the other. */
type Deliver = (act: () => void) => void;

const passOn: Deliver = (act) => act();

/**
 * A TCP link on loopback in front of a service, whose bytes can be held back or cut off: a network fault without root and
 * without a proxy to install. Names that the service itself announces (Sentinel, Cluster) lead past it.
 * @param url - Of the service, e.g. `redis://127.0.0.1:6379/0`; `link.url` is the same with the link's address.
 */
export async function openLink(url: string): Promise<
  Link & {
    /** Breaks all connections; new ones lead to another service of the same kind, as when a name or an address is moved. */
    lead(url: string): void;
    close(): Promise<void>;
  }
> {
  let target = addressOf(url);
  const passages = new Set<Passage>();
  let state: 'whole' | 'cut' | 'black hole' = 'whole';
  let delayMs = 0;

  function open(passage: Passage): void {
    const { client } = passage;
    const service = connect({ ...target, noDelay: true });
    passage.service = service;
    pass(client, service, passOn);
    pass(service, client, late());
  }

  function pass(from: Socket, to: Socket, deliver: Deliver): void {
    from.on('data', (chunk: Buffer) =>
      deliver(() => {
        if (to.write(chunk)) return;
        from.pause();
        to.once('drain', () => {
          if (state === 'whole') from.resume();
        });
      }),
    );
    from.on('error', () => {});
    // In a black hole nobody is told of an end; `heal` tells them.
    from.on('end', () =>
      deliver(() => {
        if (state !== 'black hole') to.end();
      }),
    );
    from.on('close', () =>
      deliver(() => {
        if (state !== 'black hole') to.destroy();
      }),
    );
  }

  /** One way of one passage: what comes later never overtakes, though the delay may have become shorter meanwhile. */
  function late(): Deliver {
    const waiting: (() => void)[] = [];
    return (act) => {
      if (delayMs === 0 && waiting.length === 0) {
        act();
        return;
      }
      waiting.push(act);
      setTimeout(() => waiting.shift()?.(), delayMs);
    };
  }

  const server = createServer({ noDelay: true }, (client) => {
    client.on('error', () => {});
    if (state === 'cut') {
      // Accepted and reset at once: as good as refused, and the port cannot be lost to another program meanwhile.
      breakOff(client);
      return;
    }
    const passage: Passage = { client, service: null };
    passages.add(passage);
    client.once('close', () => {
      if (state !== 'black hole') passages.delete(passage);
    });
    if (state === 'whole') open(passage);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const link = new URL(url);
  link.hostname = '127.0.0.1';
  link.port = String(typeof address === 'object' ? address?.port : 0);

  function breakAll(): void {
    for (const { client, service } of passages) {
      breakOff(client);
      service?.destroy();
    }
    passages.clear();
  }

  return {
    url: link.href,
    cut() {
      state = 'cut';
      breakAll();
    },
    blackhole() {
      state = 'black hole';
      for (const { client, service } of passages) {
        client.pause();
        service?.pause();
      }
    },
    delay(ms) {
      delayMs = ms;
    },
    heal() {
      state = 'whole';
      delayMs = 0;
      for (const passage of passages) {
        const { client, service } = passage;
        if (client.readableEnded || service?.readableEnded === true || client.destroyed) {
          client.destroy();
          service?.destroy();
          passages.delete(passage);
        } else if (service === null) open(passage);
        else {
          client.resume();
          service.resume();
        }
      }
    },
    lead(other) {
      target = addressOf(other);
      breakAll();
    },
    async close() {
      breakAll();
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}

/**
 * Ends a connection by a reset. One whose own end is already under way is closed in the ordinary way: Node 20 would refuse to
 * reset it (EINVAL), never close it, and then spin for ever when the process should end.
 */
export function breakOff(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

function addressOf(url: string): { host: string; port: number } {
  const { hostname, port, protocol } = new URL(url);
  return { host: hostname, port: Number(port) || (protocol === 'redis:' ? 6379 : 5432) };
}
