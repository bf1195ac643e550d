import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from './errors.ts';
import type { InvalidatorHandle } from './protocol.ts';
import type { SupervisedProcess, Supervisor } from './provision/supervisor.ts';
import { listeningPort } from './server-process.ts';

const READY_TIMEOUT_MS = 10_000;
const READY_POLL_MS = 20;
const CALL_TIMEOUT_MS = 5000;

/**
 * Starts an invalidator process on a free port and waits until it is connected and has caught up: a change from now on is not
 * missed. Start it before the cache is primed: its first start with a Redis that it does not know empties the cache.
 * @param options - `environment`: CACHELAB_PG_URL, CACHELAB_REDIS_URL, CACHELAB_KEY_PREFIX, and any other of its variables.
 * @throws LabError `E_SERVER_START` with its last words, `E_INVALIDATOR_NOT_READY` with what is missing.
 */
export async function startInvalidator(options: {
  root: string;
  supervisor: Supervisor;
  form: 'event-driven' | 'outbox';
  environment: Record<string, string>;
}): Promise<InvalidatorHandle & { baseUrl: string; stop(): Promise<void> }> {
  const { root, supervisor, form, environment } = options;
  let current = await start();

  async function start(): Promise<{ process: SupervisedProcess; baseUrl: string }> {
    const process = spawn();
    const port = await listeningPort(process, 'the invalidator');
    const baseUrl = `http://127.0.0.1:${port}`;
    await ready(baseUrl);
    return { process, baseUrl };
  }

  function spawn(): SupervisedProcess {
    return supervisor.spawn(
      'invalidator',
      process.execPath,
      ['--import', 'tsx', join(root, 'server', 'invalidator', 'main.ts')],
      {
        cwd: root,
        env: {
          ...process.env,
          CACHELAB_HOST: '127.0.0.1',
          CACHELAB_PORT: '0',
          CACHELAB_INVALIDATOR: form,
          ...environment,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
  }

  return {
    get pid() {
      return current.process.pid;
    },
    get baseUrl() {
      return current.baseUrl;
    },
    async stats() {
      const signal = AbortSignal.timeout(CALL_TIMEOUT_MS);
      const response = await fetch(`${current.baseUrl}/stats`, { signal });
      return (await response.json()) as Record<string, number>;
    },
    freeze: () => current.process.freeze(),
    thaw: () => current.process.thaw(),
    async kill() {
      process.kill(current.process.pid, 'SIGKILL');
      await current.process.exited;
    },
    async restart() {
      current = await start();
    },
    stop: () => current.process.stop(),
  };
}

async function ready(baseUrl: string): Promise<void> {
  const deadlineMs = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    const signal = AbortSignal.timeout(CALL_TIMEOUT_MS);
    const response = await fetch(`${baseUrl}/readyz`, { signal });
    if (response.ok) return;
    const text = await response.text();
    if (Date.now() > deadlineMs) {
      throw new LabError(
        'E_INVALIDATOR_NOT_READY',
        `the invalidator was not ready in ${READY_TIMEOUT_MS} ms: ${text}`,
        { hint: 'are Postgres and Redis reachable from here, and is the database loaded?' },
      );
    }
    await sleep(READY_POLL_MS);
  }
}
