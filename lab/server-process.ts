import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from './errors.ts';
import type { SupervisedProcess, Supervisor } from './provision/supervisor.ts';
import type { Journal, LabStats } from './server-protocol.ts';

/** A page as one plain request sees it. */
export interface PageProbe {
  status: number;
  outcome: string | null;
  /** SELECTs that this request ran. */
  selects: number | null;
  menuVersion: number | null;
  body: Buffer;
}

/** The part of `GET /lab/policy` that says what is in force. */
export interface PolicyAnswer {
  name: string;
  preset: string;
  settings: Record<string, unknown>;
}

/** A demo server that the lab started, and the lab's way to talk to it. */
export interface ServerProcess {
  baseUrl: string;
  process: SupervisedProcess;
  /** Waits until Postgres and Redis both answer the server. @returns What is still wrong after 5 s; null: ready. */
  readiness(): Promise<string | null>;
  policy(): Promise<PolicyAnswer>;
  stats(): Promise<LabStats>;
  resetStats(): Promise<void>;
  clearCache(): Promise<void>;
  page(path: string, headers?: Record<string, string>): Promise<PageProbe>;
  post(path: string, body?: unknown): Promise<{ status: number; text: string }>;
  /** Needs CACHELAB_JOURNAL. */
  journal(): Promise<Journal>;
  resetJournal(): Promise<void>;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 20_000;
const CALL_TIMEOUT_MS = 30_000;
const READY_TIMEOUT_MS = 5_000;
const READY_POLL_MS = 20;

/** The variables that tell a server where its services are. */
export function serviceEnvironment(services: {
  postgres: { url: string };
  redis: { url: string; keyPrefix: string };
}): Record<string, string> {
  return {
    CACHELAB_PG_URL: services.postgres.url,
    CACHELAB_REDIS_URL: services.redis.url,
    CACHELAB_KEY_PREFIX: services.redis.keyPrefix,
  };
}

/**
 * Starts one server process on a free port and waits until it listens.
 * @param environment - The variables of `server-protocol.ts`.
 * @throws LabError `E_SERVER_START` with the server's last words.
 */
export async function startServer(options: {
  root: string;
  supervisor: Supervisor;
  environment: Record<string, string>;
  /** Default: the store. */
  program?: 'store' | 'peers';
}): Promise<ServerProcess> {
  const { root, supervisor, environment, program } = options;
  const main = program === 'peers' ? join('peers', 'server.ts') : join('server', 'main.ts');
  const server = supervisor.spawn(
    'server',
    process.execPath,
    ['--import', 'tsx', join(root, main)],
    {
      cwd: root,
      env: { ...process.env, CACHELAB_HOST: '127.0.0.1', CACHELAB_PORT: '0', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const port = await listeningPort(server, 'the demo server');
  const baseUrl = `http://127.0.0.1:${port}`;
  const ask = async (method: string, path: string, init: RequestInit = {}): Promise<Response> => {
    const signal = AbortSignal.timeout(CALL_TIMEOUT_MS);
    try {
      return await fetch(baseUrl + path, { ...init, method, signal });
    } catch (cause) {
      const { exitCode, signalCode } = server.child;
      const end = signalCode ?? exitCode;
      const why = end === null ? 'it gives no answer' : `it has ended (${end})`;
      throw new LabError('E_SERVER_GONE', `${method} ${path} of the demo server: ${why}`, {
        cause,
      });
    }
  };
  const call = async (method: string, path: string): Promise<Response> => {
    const response = await ask(method, path);
    if (!response.ok) {
      throw new LabError('E_SERVER_CALL', `${method} ${path} answered ${response.status}`);
    }
    return response;
  };
  return {
    baseUrl,
    process: server,
    async readiness() {
      const deadlineMs = Date.now() + READY_TIMEOUT_MS;
      for (;;) {
        const text = await readyText(baseUrl);
        if (text === null || Date.now() > deadlineMs) return text;
        await sleep(READY_POLL_MS);
      }
    },
    async policy() {
      return (await (await call('GET', '/lab/policy')).json()) as PolicyAnswer;
    },
    async stats() {
      return (await (await call('GET', '/lab/stats')).json()) as LabStats;
    },
    async resetStats() {
      await call('POST', '/lab/stats/reset');
    },
    async clearCache() {
      await call('POST', '/lab/cache/clear');
    },
    async page(path, headers = {}) {
      const response = await ask('GET', path, { headers });
      return {
        status: response.status,
        outcome: response.headers.get('x-cache-outcome'),
        selects: numberOrNull(response.headers.get('x-db-queries')),
        menuVersion: numberOrNull(response.headers.get('x-menu-version')),
        body: Buffer.from(await response.arrayBuffer()),
      };
    },
    async post(path, body) {
      const response = await ask('POST', path, {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body ?? {}),
      });
      return { status: response.status, text: await response.text() };
    },
    async journal() {
      return (await (await call('GET', '/lab/journal')).json()) as Journal;
    },
    async resetJournal() {
      await call('POST', '/lab/journal/reset');
    },
    stop: () => server.stop(),
  };
}

/** A server that listens may still be connecting; asked too early, it would answer without its cache. */
async function readyText(baseUrl: string): Promise<string | null> {
  const response = await fetch(`${baseUrl}/readyz`, {
    signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
  });
  const { status, ...services } = (await response.json()) as { status: string };
  return status === 'ready' ? null : `${status} ${JSON.stringify(services)}`;
}

function numberOrNull(text: string | null): number | null {
  return text === null || text === '' ? null : Number(text);
}

/**
 * Our servers print `{"listening": PORT}` on stdout once they accept connections.
 * @param what - For messages: `the demo server`.
 * @throws LabError `E_SERVER_START` with the last words of a process that does not get that far; it is ended.
 */
export async function listeningPort(server: SupervisedProcess, what: string): Promise<number> {
  let output = '';
  let errors = '';
  const { stdout, stderr } = server.child;
  stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString('utf8')).slice(-4000);
  });
  const found = new Promise<number>((resolve) => {
    stdout?.on('data', (chunk: Buffer) => {
      if (output.length > 100_000) return;
      output += chunk.toString('utf8');
      const match = /\{"listening":\s*(\d+)/.exec(output);
      if (match?.[1] !== undefined) resolve(Number(match[1]));
    });
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, START_TIMEOUT_MS, 'late');
  });
  const first = await Promise.race([found, server.exited, late]);
  clearTimeout(timer);
  if (typeof first === 'number') return first;
  const why =
    first === 'late' ? `did not listen within ${START_TIMEOUT_MS} ms` : `exited with ${first.code}`;
  await server.stop();
  throw new LabError('E_SERVER_START', `${what} ${why}: ${lastLines(errors)}`, {
    hint: 'run `npm run lab -- doctor`, or `npm run lab -- up` to see its log',
  });
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-3).join(' | ') || 'it said nothing';
}
