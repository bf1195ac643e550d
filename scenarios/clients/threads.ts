import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** A thread of ours, and what it said first. */
export interface Thread<Ready> {
  worker: Worker;
  /** Its first message: it is ready. */
  ready: Ready;
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
  const [ready] = (await once(worker, 'message')) as [Ready];
  return {
    worker,
    ready,
    async stop() {
      await worker.terminate();
    },
  };
}
