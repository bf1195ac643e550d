import { once } from 'node:events';
import { type MessagePort, type TransferListItem, Worker } from 'node:worker_threads';

/** A thread of ours, and what it said first. */
export interface Thread<Ready> {
  worker: Worker;
  /** Its first message: it is ready. */
  ready: Ready;
  /** The next message that it sends. */
  next: () => Promise<unknown>;
  stop(): Promise<void>;
}

/**
 * Starts a TypeScript file in a thread of its own and waits for its first message. A thread does not take over the loader of
 * its parent and asks for TypeScript by itself.
 * @param file - URL of the file. @param data - Its `workerData`.
 * @throws What the thread threw before it was ready.
 */
export async function startThread<Ready>(file: string, data: unknown): Promise<Thread<Ready>> {
  const loader = import.meta.resolve('tsx/esm/api');
  const main = `import { register } from '${loader}'; register(); await import('${file}');`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(main)}`), {
    workerData: data,
  });
  worker.on('error', () => {}); // whoever waits for it hears of it, and its connections break
  const next = async (): Promise<unknown> => {
    const [message] = (await once(worker, 'message')) as unknown[];
    return message;
  };
  return {
    worker,
    ready: (await next()) as Ready,
    next,
    async stop() {
      await worker.terminate();
    },
  };
}

/**
 * Sends a message to a thread, or from it.
 * @param to - Null in a file that runs in no thread: then nobody hears it.
 * @param handedOver - Ports in the message that are the other side's from now on.
 */
export function tell(
  to: MessagePort | Worker | null,
  message: unknown,
  handedOver: readonly TransferListItem[] = [],
): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
  to?.postMessage(message, handedOver);
}
