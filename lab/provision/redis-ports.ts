import { randomInt } from 'node:crypto';
import { LabError } from '../errors.ts';
import { requireFreePort } from './ports.ts';

/**
 * Ports of nodes that must keep theirs for as long as they live, also while they are dead. Above 32767 Linux hands ports to
 * outgoing connections, and one of those would take a killed node's port; a cluster's nodes speak on the port 10000 above too.
 */
const LOWEST_PORT = 20_000;
const HIGHEST_PORT = 22_767;
/** From a cluster node's port to the one of its bus; Redis's own. */
export const BUS_OFFSET = 10_000;
const TRIES = 50;

/** Given out by this process: two nodes that start side by side look before either listens. */
const given = new Set<number>();

/**
 * A port between 20000 and 22767 that is free on 127.0.0.1 now, together with the one 10000 above it. Another program may take
 * it before it is used: callers try again.
 * @throws LabError `E_NO_PORT` after 50 draws.
 */
export async function nodePort(): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = randomInt(LOWEST_PORT, HIGHEST_PORT + 1);
    if (given.has(port)) continue;
    given.add(port);
    try {
      await requireFreePort(port, 'a Redis node');
      await requireFreePort(port + BUS_OFFSET, 'the bus of a Redis node');
      return port;
    } catch {
      given.delete(port);
    }
  }
  throw new LabError(
    'E_NO_PORT',
    `${TRIES} ports between ${LOWEST_PORT} and ${HIGHEST_PORT} were taken, or the one ${BUS_OFFSET} above`,
    { hint: 'another lab, or many of them: end them with `npm run lab -- down`' },
  );
}

/** The port may be given out again. */
export function giveBack(port: number): void {
  given.delete(port);
}
