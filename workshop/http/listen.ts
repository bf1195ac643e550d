import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { networkInterfaces } from 'node:os';
import { portTaken } from '../../lab/provision/ports.ts';

const USUAL_PORT = 4000;
const PORTS_TRIED = 10;
/** For a request to come in whole; an answer, the stream above all, may take as long as it likes. */
const REQUEST_MS = 10_000;
/** What is under way when the end comes may finish; then its connection is cut. */
const GRACE_MS = 100;

/** A port that is ours, whether there is something to answer with or not. */
export interface Listener {
  port: number;
  /** From now on this answers; before, everything is 503. */
  serve(handler: RequestListener): void;
  /** Within about 0.1 s, whatever is connected. */
  close(): Promise<void>;
}

/**
 * @param options - `port`: null takes 4000 or the next free one, 0 any. `beyondLoopback`: on all addresses of this machine.
 * @throws LabError `E_PORT_TAKEN`
 */
export async function listen(options: {
  port: number | null;
  beyondLoopback: boolean;
}): Promise<Listener> {
  const { port, beyondLoopback } = options;
  let handler: RequestListener = answerTooEarly;
  const server = createServer({ requestTimeout: REQUEST_MS }, (request, response) =>
    handler(request, response),
  );
  const host = beyondLoopback ? '0.0.0.0' : '127.0.0.1';
  const bound = await bind(server, host, port);
  const closed = once(server, 'close');
  return {
    port: bound,
    serve(next) {
      handler = next;
    },
    async close() {
      server.close();
      const cut = setTimeout(() => server.closeAllConnections(), GRACE_MS);
      await closed;
      clearTimeout(cut);
    },
  };
}

const answerTooEarly: RequestListener = (_request, response) => {
  // A browser asks again by itself.
  const headers = { 'content-type': 'text/plain', 'cache-control': 'no-store', refresh: '1' };
  response.writeHead(503, { ...headers, 'retry-after': '1' });
  response.end('The workshop is starting.\n');
};

async function bind(server: Server, host: string, port: number | null): Promise<number> {
  const usual = Array.from({ length: PORTS_TRIED }, (_, step) => USUAL_PORT + step);
  let taken: unknown = null;
  for (const one of port === null ? [...usual, 0] : [port]) {
    try {
      const listening = once(server, 'listening');
      server.listen({ host, port: one, exclusive: true });
      await listening;
      const address = server.address();
      return typeof address === 'object' && address !== null ? address.port : one;
    } catch (cause) {
      taken = cause;
    }
  }
  throw portTaken(`port ${port} on ${host}`, 'the workshop', taken);
}

/** Addresses by which others on the same network reach this machine. IPv4 alone: that is what rooms have and people can type. */
export function lanAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal, address }) => {
      return family === 'IPv4' && !internal && !address.startsWith('169.254.');
    })
    .map(({ address }) => address);
}
