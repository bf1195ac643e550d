import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';

const FIRST_RETRY_MS = 50;
const RETRY_MAX_MS = 500;

/**
 * Keeps one connection to Postgres, with one loop: `work` runs on it until it is lost, then on the next one, and so on until
 * `stop` aborts and `work` returns. A handler per connection that starts a loop of its own would multiply them.
 *
 * A link that swallows bytes raises no error: an idle connection is asked `SELECT 1` every `heartbeatMs` and counts as lost
 * when an answer takes longer than `timeoutMs`, so that a black hole is found within their sum.
 *
 * @param work - Gets a signal that aborts when its connection is lost or `stop` aborts; an error counts as a lost connection.
 */
export async function keepSession(
  options: {
    url: string;
    heartbeatMs: number;
    timeoutMs: number;
    stop: AbortSignal;
    onUp: () => void;
    onLost: (message: string) => void;
  },
  work: (client: Client, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { stop } = options;
  let retryMs = FIRST_RETRY_MS;
  while (!stop.aborted) {
    const session = new AbortController();
    const signal = AbortSignal.any([session.signal, stop]);
    const socket = new Socket();
    const client = new Client({
      connectionString: options.url,
      application_name: 'cachelab-invalidator',
      connectionTimeoutMillis: options.timeoutMs,
      query_timeout: options.timeoutMs,
      // Ours, so that it can be destroyed: `client.end()` says goodbye first, into a black hole for ever.
      stream: () => socket,
    });
    const lost = new Promise<never>((_resolve, reject) => {
      client.on('error', reject);
      client.once('end', () => reject(new Error('the connection was closed')));
    });
    lost.catch(() => {}); // heard in the race below, or late and of no interest
    try {
      await client.connect();
      retryMs = FIRST_RETRY_MS;
      options.onUp();
      const tasks = [work(client, signal), heartbeat(client, options.heartbeatMs, signal), lost];
      for (const task of tasks) task.catch(() => {});
      await Promise.race(tasks);
    } catch (error) {
      options.onLost(error instanceof Error ? error.message : String(error));
    } finally {
      session.abort();
      socket.destroy();
    }
    if (stop.aborted) return;
    await sleep(retryMs, undefined, { signal: stop }).catch(() => {});
    retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
  }
}

/** Ends with an error only: `work` decides when the session is over. */
async function heartbeat(client: Client, everyMs: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(everyMs, undefined, { signal, ref: false }).catch(() => {});
    if (!signal.aborted) await client.query('SELECT 1');
  }
  await new Promise(() => {});
}
