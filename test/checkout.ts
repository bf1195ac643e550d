import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { copyCheckout } from '../lab/mutate/copy.ts';
import { cacheFolder } from '../lab/provision/places.ts';
import { startTime } from '../lab/provision/reap.mjs';
import { createSupervisor } from '../lab/provision/supervisor.ts';
import { testStack } from './stack.ts';

/** How a command of the CLI ended. */
export interface CliExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** For a command that is to start services of its own, not to use those of the tests. */
export const OWN_SERVICES = { CACHELAB_PG_URL: undefined, CACHELAB_REDIS_URL: undefined } as const;

export interface RunningCli {
  child: ChildProcess;
  /** What it wrote so far. */
  stdout(): string;
  stderr(): string;
  exited: Promise<CliExit>;
}

/** A copy of this checkout in a folder with spaces in its path. */
export interface Checkout {
  root: string;
  /** Starts `lab/cli.ts` with the services of the tests; `undefined` in `env` takes a variable away. */
  start(args: readonly string[], env?: Record<string, string | undefined>): RunningCli;
  run(args: readonly string[], env?: Record<string, string | undefined>): Promise<CliExit>;
  /** Writes a config file of so short trials that a test can wait for them. @returns Its path. */
  config(options: Record<string, unknown>): string;
  /** Names of the folders in `reports/runs`. */
  runs(): string[];
  /** What labs left: run files and run folders. */
  leftovers(): string[];
  remove(): Promise<void>;
}

/** Copies the checkout, so that runs of a test meet neither the developer's nor each other's. */
export async function checkout(): Promise<Checkout> {
  const stack = await testStack();
  const supervisor = createSupervisor({
    root: stack.root,
    label: 'test copy',
    handleSignals: false,
  });
  const root = join(supervisor.runFolder, 'a copy with spaces');
  copyCheckout(stack.root, root);

  const start: Checkout['start'] = (args, env = {}) => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'lab/cli.ts', ...args], {
      cwd: root,
      env: {
        ...process.env,
        CACHELAB_PG_URL: stack.postgresUrl,
        CACHELAB_REDIS_URL: stack.redisUrl,
        CACHELAB_CACHE: cacheFolder(stack.root, process.env),
        K6_BIN: stack.k6Bin,
        NO_COLOR: '1',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] += text;
      });
    }
    return {
      child,
      stdout: () => output.stdout,
      stderr: () => output.stderr,
      exited: new Promise((resolve, reject) => {
        child.once('error', reject);
        child.once('close', (code, signal) => resolve({ code, signal, ...output }));
      }),
    };
  };
  const entries = (folder: string, prefix = ''): string[] =>
    existsSync(join(root, folder))
      ? readdirSync(join(root, folder)).filter((name) => name.startsWith(prefix))
      : [];
  return {
    root,
    start,
    run: (args, env) => start(args, env).exited,
    config(options) {
      const path = join(supervisor.runFolder, 'config.json'); // outside the copy, which must not change
      writeFileSync(path, JSON.stringify(options));
      return path;
    },
    runs: () => entries('reports/runs').sort(),
    leftovers: () => [...entries('.cachelab/labs'), ...entries('.cachelab', 'run-')],
    remove: () => supervisor.stopAll(),
  };
}

/** Of these processes those that live. */
export function living(pids: readonly number[]): number[] {
  return pids.filter((pid) => startTime(pid) !== null);
}

/** Kills a lab that cannot clean up behind itself then, and waits until its files are gone, at most 20 s. */
export async function killOutright(copy: Checkout, lab: RunningCli): Promise<void> {
  lab.child.kill('SIGKILL');
  await lab.exited;
  const startedMs = performance.now();
  while (copy.leftovers().length > 0 && performance.now() - startedMs < 20_000) await sleep(50);
}
