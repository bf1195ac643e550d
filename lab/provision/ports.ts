import { createServer } from 'node:net';
import { LabError } from '../errors.ts';

/** A port that is free on 127.0.0.1 now. Another program may take it before it is used: callers try again. */
export async function freePort(): Promise<number> {
  return listenOnce(0);
}

/**
 * @throws LabError `E_PORT_TAKEN` when something listens on it, or this user may not.
 */
export async function requireFreePort(port: number, usedFor: string): Promise<void> {
  try {
    await listenOnce(port);
  } catch (cause) {
    throw portTaken(`port ${port} on 127.0.0.1`, usedFor, cause);
  }
}

/** @param port - With its address, e.g. `port 3000 on 127.0.0.1`. */
export function portTaken(port: string, usedFor: string, cause: unknown): LabError {
  return new LabError('E_PORT_TAKEN', `${port} cannot be used for ${usedFor}`, {
    hint: 'another program holds it, or the system forbids it: choose another port (1024 to 65535), or leave it out for a free one',
    cause,
  });
}

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      const found = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => resolve(found));
    });
  });
}
