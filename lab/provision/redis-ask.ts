import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { LabError } from '../errors.ts';

/** Longest wait for the whole of connecting and answering, on a machine that is busy. */
const ASK_TIMEOUT_MS = 5000;
/** The same where no answer is one too: a frozen process takes connections and says nothing. */
const PROBE_TIMEOUT_MS = 1000;
const SETTLE_TIMEOUT_MS = 15_000;
const SETTLE_POLL_MS = 50;

/**
 * One command on a connection of its own, so that it says what this process answers now.
 * @throws when there is no answer within 5 s, and for an error reply.
 */
export function ask(port: number, command: string, ...args: string[]): Promise<unknown> {
  return send(port, command, args, ASK_TIMEOUT_MS);
}

/** As `ask`, of a node that may be dead or frozen. @returns null for an error reply, and without an answer within 1 s. */
export function probe(port: number, command: string, ...args: string[]): Promise<unknown> {
  return send(port, command, args, PROBE_TIMEOUT_MS).catch(() => null);
}

async function send(
  port: number,
  command: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<unknown> {
  const client = new Redis({
    host: '127.0.0.1',
    port,
    protocol: 2,
    lazyConnect: true,
    enableReadyCheck: false,
    disableClientInfo: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  client.on('error', () => {}); // the command tells
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer from port ${port} in ${timeoutMs} ms`));
    }, timeoutMs);
  });
  const answer = client.call(command, [...args]);
  answer.catch(() => {}); // when it is late, nobody waits for it any more
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
    client.disconnect();
  }
}

/** Items of a reply that is a list; none for anything else. */
export function items(reply: unknown): unknown[] {
  return Array.isArray(reply) ? reply : [];
}

/** Value of a `name:value` line, as INFO and CLUSTER INFO have them; empty when there is none. */
export function field(reply: unknown, name: string): string {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(String(reply))?.[1] ?? '';
}

/**
 * Waits until nodes that were just started agree; an error while asking counts as not yet.
 * @throws LabError `E_TOPOLOGY` after 15 s.
 */
export async function settled(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + SETTLE_TIMEOUT_MS;
  while (!(await holds().catch(() => false))) {
    if (Date.now() > deadlineMs) {
      throw new LabError('E_TOPOLOGY', `not within ${SETTLE_TIMEOUT_MS / 1000} s: ${what}`, {
        hint: 'the machine is too busy, or something on it keeps Redis processes from each other',
      });
    }
    await sleep(SETTLE_POLL_MS);
  }
}
