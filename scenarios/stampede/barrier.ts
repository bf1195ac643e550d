import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';

/** Where k6's virtual users wait until all of them are there and the next burst is due. */
export interface Barrier {
  url: string;
  /** Resolves when so many users wait for this turn: each has its answer of the turn before. */
  filled(turn: number, users: number): Promise<void>;
  /** Tells all who wait for this turn, or come later, when to ask. */
  announce(turn: number, epochMs: number): void;
  close(): void;
}

/**
 * A tiny HTTP server on loopback: `GET /turns/3` is answered with `{"epochMs": …}` once that moment is known. The users
 * then sleep until it, so that they ask within a few milliseconds of each other however late each answer was.
 */
export async function openBarrier(): Promise<Barrier> {
  const waiting = new Map<number, ServerResponse[]>();
  const known = new Map<number, number>();
  const arrivals = new Set<() => void>();
  const server = createServer((request, response) => {
    const turn = Number(/^\/turns\/(\d+)$/.exec(request.url ?? '')?.[1] ?? Number.NaN);
    const epochMs = known.get(turn);
    if (epochMs !== undefined) {
      response.end(JSON.stringify({ epochMs }));
      return;
    }
    waiting.set(turn, [...(waiting.get(turn) ?? []), response]);
    for (const look of arrivals) look();
  });
  server.keepAliveTimeout = 0; // a burst may take longer than any pause that is allowed by default
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    filled: (turn, users) =>
      new Promise((resolve) => {
        const look = (): void => {
          if ((waiting.get(turn)?.length ?? 0) < users) return;
          arrivals.delete(look);
          resolve();
        };
        arrivals.add(look);
        look();
      }),
    announce(turn, epochMs) {
      known.set(turn, epochMs);
      for (const response of waiting.get(turn) ?? []) response.end(JSON.stringify({ epochMs }));
      waiting.delete(turn);
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
