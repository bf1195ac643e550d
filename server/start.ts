import type { Server } from 'node:http';
import { EnvironmentError } from './environment.ts';

/** How every process of the store begins: exit code 2 for a wrong environment, 1 when it cannot listen. */

export function readOrExit<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return process.exit(2);
  }
}

/** Listens and prints one line `{"listening": PORT}` on stdout, for whoever started the process with port 0. */
export function listenOrExit(
  server: Server,
  { host, port }: { host: string; port: number },
  onListening: (port: number) => void,
): void {
  server.once('error', (error: NodeJS.ErrnoException) => {
    const why =
      error.code === 'EADDRINUSE'
        ? `port ${port} on ${host} is taken by another program; stop it, or set CACHELAB_PORT (0 takes a free one)`
        : `cannot listen on ${host} port ${port}: ${error.message}`;
    process.stderr.write(`${why}\n`);
    process.exit(1);
  });
  server.listen(port, host, () => {
    const address = server.address();
    const actual = typeof address === 'object' && address !== null ? address.port : port;
    process.stdout.write(`${JSON.stringify({ listening: actual })}\n`);
    onListening(actual);
  });
}
