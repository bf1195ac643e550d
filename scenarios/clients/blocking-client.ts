import { MessageChannel } from 'node:worker_threads';
import { startThread, tell } from './threads.ts';

/** States of the one slot that caller and owner of the socket share. */
export const SLOT = { asked: 0, answered: 1, failed: 2 } as const;
/** Longest value that fits. */
export const MOST_BYTES = 65_536;
const GIVE_UP_MS = 10_000;

/** A client that truly waits: the thread that calls it does nothing else until the reply is there. */
export interface BlockingClient {
  /** @throws Error when Redis answered with an error, or not within 10 s. */
  get(key: string): Buffer;
  close(): Promise<void>;
}

/**
 * A synchronous client, as those of blocking frameworks are: another thread owns the socket, and the caller sleeps in
 * `Atomics.wait` until the reply lies in memory that both see. Node has no synchronous socket.
 * @param port - Of Redis, or of a link to it.
 */
export async function openBlockingClient(port: number): Promise<BlockingClient> {
  const memory = new SharedArrayBuffer(8 + MOST_BYTES);
  const [state, bytes] = [new Int32Array(memory, 0, 2), new Uint8Array(memory, 8)];
  const { port1: mine, port2: theirs } = new MessageChannel();
  const file = new URL('blocking-client-thread.ts', import.meta.url).href;
  const thread = await startThread<'ready'>(file, { port, memory });
  tell(thread.worker, theirs, [theirs]);
  return {
    get(key) {
      Atomics.store(state, 0, SLOT.asked);
      tell(mine, key);
      if (Atomics.wait(state, 0, SLOT.asked, GIVE_UP_MS) === 'timed-out') {
        throw new Error(`no reply in ${GIVE_UP_MS} ms`);
      }
      const answer = Buffer.from(bytes.slice(0, state[1]));
      if (Atomics.load(state, 0) === SLOT.failed) throw new Error(answer.toString());
      return answer;
    },
    async close() {
      mine.close();
      await thread.stop();
    },
  };
}
