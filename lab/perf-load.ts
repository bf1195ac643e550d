import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { LabError } from './errors.ts';
import type { SupervisedProcess, Supervisor } from './provision/supervisor.ts';
import { ROOT } from './root.ts';

/** A server under load, on the core that all of them share. */
export interface PerfServer {
  process: SupervisedProcess;
  url: string;
}

/** One stretch of load. */
export interface Reading {
  perSecond: number;
  /** Cores that the server used, 1 is one whole core; null without `/proc`. */
  serverCores: number | null;
}

const SERVER_CORE = 1;
const GENERATOR_CORE = 0;
const CONNECTIONS = 50;
const START_TIMEOUT_MS = 20_000;
const MS_PER_TICK = 10;

/** Whether processes can be kept apart: on Linux with two cores and `taskset`. */
export function canPin(): boolean {
  if (process.platform !== 'linux' || availableParallelism() < 2) return false;
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Moves a running process, all its threads, to the generator's core. */
export function moveToGenerator(pid: number): void {
  execFileSync('taskset', ['-apc', String(GENERATOR_CORE), String(pid)], { stdio: 'ignore' });
}

/**
 * Starts a server script that prints `{"listening": PORT}`.
 * @throws LabError `E_SERVER_START` when it does not.
 */
export async function startPerfServer(
  supervisor: Supervisor,
  pinned: boolean,
  script: string,
  environment: Record<string, string>,
): Promise<PerfServer> {
  const [command, args] = node(pinned ? SERVER_CORE : null, '--import', 'tsx', join(ROOT, script));
  const server = supervisor.spawn(`perf ${script}`, command, args, {
    cwd: ROOT,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = await new Promise<number | null>((resolve) => {
    let output = '';
    server.child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const match = /\{"listening":(\d+)\}/.exec(output);
      if (match !== null) resolve(Number(match[1]));
    });
    void server.exited.then(() => resolve(null));
    setTimeout(resolve, START_TIMEOUT_MS, null).unref();
  });
  if (port === null)
    throw new LabError('E_SERVER_START', `${script} did not listen in ${START_TIMEOUT_MS} ms`);
  return { process: server, url: `http://127.0.0.1:${port}` };
}

const resultSchema = z.object({
  duration: z.number(),
  errors: z.number(),
  timeouts: z.number(),
  non2xx: z.number(),
  '2xx': z.number(),
});

/**
 * Closed-model load at saturation: 50 connections, each sends its next request when it has the answer to the last.
 * @throws LabError `E_PERF_LOAD` if a single request fails.
 */
export async function saturate(
  supervisor: Supervisor,
  server: PerfServer,
  options: { path: string; seconds: number; pinned: boolean },
): Promise<Reading> {
  const autocannon = createRequire(import.meta.url).resolve('autocannon/autocannon.js');
  const load = ['-j', '-c', String(CONNECTIONS), '-d', String(options.seconds)];
  const [command, args] = node(
    options.pinned ? GENERATOR_CORE : null,
    autocannon,
    ...load,
    '-H',
    'accept-encoding: gzip',
    server.url + options.path,
  );
  const beforeMs = cpuMs(server.process.pid);
  const generator = supervisor.spawn('autocannon', command, args, {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const chunks: Buffer[] = [];
  generator.child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  await new Promise((resolve) => generator.child.once('close', resolve));
  const afterMs = cpuMs(server.process.pid);

  const output = Buffer.concat(chunks).toString();
  if (output === '') throw new LabError('E_PERF_LOAD', 'autocannon ended without a result');
  const result = resultSchema.parse(JSON.parse(output));
  const failed = result.errors + result.timeouts + result.non2xx;
  if (failed > 0 || result['2xx'] === 0)
    throw new LabError('E_PERF_LOAD', `${failed} requests failed, ${result['2xx']} succeeded`);
  return {
    perSecond: result['2xx'] / result.duration,
    serverCores:
      beforeMs === null || afterMs === null
        ? null
        : (afterMs - beforeMs) / (result.duration * 1000),
  };
}

function node(core: number | null, ...args: string[]): [command: string, args: string[]] {
  if (core === null) return [process.execPath, args];
  return ['taskset', ['-c', String(core), process.execPath, ...args]];
}

/** User and system time of a process so far. */
function cpuMs(pid: number): number | null {
  try {
    // The name in brackets may hold spaces; what follows it are fields 3 and on: utime is 14, stime 15.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
  } catch {
    return null;
  }
}
