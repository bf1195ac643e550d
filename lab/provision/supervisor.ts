import { type ChildProcess, type StdioOptions, spawn as spawnChild } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { Socket } from 'node:net';
import { basename, isAbsolute, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { EXIT, LabError } from '../errors.ts';
import { endRun, killMarked, labState, place, readRun, type RunFile, startTime } from './reap.mjs';

/** A process that the lab started and will end. */
export interface SupervisedProcess {
  readonly name: string;
  readonly pid: number;
  readonly child: ChildProcess;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Asks it to end, also when it is frozen, and kills its process group after `graceMs` (5000). */
  stop(graceMs?: number): Promise<void>;
  /** SIGSTOP: the process keeps its sockets and answers nothing. */
  freeze(): void;
  thaw(): void;
}

export interface SpawnOptions {
  /** The whole environment; that of the lab when absent. */
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  uid?: number;
  gid?: number;
  /** Default: no input, output to `logFile` or nowhere. */
  stdio?: StdioOptions;
  /** Output is appended here. */
  logFile?: string;
  /** Signal that ends it in order. Default SIGTERM. */
  stopSignal?: NodeJS.Signals;
  /** Port that it listens on, kept in the run file. */
  port?: number;
}

/** Everything that the lab starts goes through one of these, so that nothing outlives it. */
export interface Supervisor {
  /**
   * `CACHELAB_RUN` in the environment of what is started, by which it is found at the end. Hand it to short-lived programs too
   * (initdb, apt-get, go): with it they end with the lab, on Linux.
   */
  readonly mark: { CACHELAB_RUN: string };
  /** `.cachelab/run-<id>` of the checkout: made at once, removed at the end. */
  readonly runFolder: string;
  /** Aborts at the first SIGINT, SIGTERM or SIGHUP: whoever waits for a process learns that the end was asked for. */
  readonly interrupted: AbortSignal;
  /** @throws LabError `E_SPAWN` when the command cannot be started. */
  spawn(
    name: string,
    command: string,
    args: readonly string[],
    options?: SpawnOptions,
  ): SupervisedProcess;
  /** A folder to remove at the end; its name begins with `run-` or `cachelab-`. */
  addFolder(path: string): void;
  /** Ends all processes, the last started first, then removes the folders. */
  stopAll(): Promise<void>;
}

/** Two signals in less than this are one key press: the terminal's and the one that a parent passes on. */
const SAME_KEY_PRESS_MS = 500;
const PARENT_WATCH_MS = 250;

const active = new Set<Supervisor & { interrupt(): void }>();
let interruptedAtMs = 0;

/**
 * Starts, watches and ends processes. Each is in a process group of its own, so Ctrl-C reaches the lab alone, which then ends
 * them in order. A run file names them before `spawn` returns; a detached reaper ends them if the lab is killed.
 * @param options - `root`: the checkout. `label`: the command that runs. `handleSignals` (true): SIGINT, SIGTERM, SIGHUP and
 *   uncaught exceptions end everything and then the lab; a second Ctrl-C ends the lab at once and leaves the rest to the reaper.
 */
export function createSupervisor(options: {
  root: string;
  label?: string;
  handleSignals?: boolean;
  onEvent?: (line: string) => void;
}): Supervisor {
  const say = options.onEvent ?? (() => {});
  const id = `${process.pid}-${randomBytes(4).toString('hex')}`;
  const runFolder = join(options.root, '.cachelab', `run-${id}`);
  const runFilePath = join(labsFolder(options.root), `${id}.json`);
  const abort = new AbortController();
  const processes: SupervisedProcess[] = [];
  const mark = { CACHELAB_RUN: id };
  const run: RunFile = {
    schema: 1,
    id,
    label: options.label ?? 'lab',
    startedAt: new Date().toISOString(),
    place: place(),
    lab: { pid: process.pid, startTime: startTime(process.pid) },
    processes: [],
    folders: [runFolder],
    ports: {},
  };
  let reaper: ChildProcess | null = null;
  let stopping: Promise<void> | null = null;

  function writeRunFile(): void {
    const unfinished = `${runFilePath}.tmp`;
    writeFileSync(unfinished, `${JSON.stringify(run, null, 2)}\n`);
    renameSync(unfinished, runFilePath);
  }

  function startReaper(): void {
    const script = fileURLToPath(new URL('./reap.mjs', import.meta.url));
    reaper = spawnChild(process.execPath, [script, runFilePath], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { PATH: process.env['PATH'] },
    });
    reaper.on('error', (error) => say(`no reaper (${error.message}): a kill -9 is cleared later`));
    reaper.unref();
    // The pipe must not keep the lab alive either.
    if (reaper.stdin instanceof Socket) reaper.stdin.on('error', () => {}).unref();
  }

  function spawn(
    name: string,
    command: string,
    args: readonly string[],
    spawnOptions: SpawnOptions = {},
  ): SupervisedProcess {
    if (stopping !== null || abort.signal.aborted) {
      throw new LabError('E_STOPPING', `${name} is not started: the lab is ending`, {
        exitCode: EXIT.interrupted,
      });
    }
    const log = spawnOptions.logFile === undefined ? null : openSync(spawnOptions.logFile, 'a');
    const output = log ?? 'ignore';
    const child = spawnChild(command, [...args], {
      detached: true,
      stdio: spawnOptions.stdio ?? ['ignore', output, output],
      env: { ...(spawnOptions.env ?? process.env), ...mark },
      ...(spawnOptions.cwd === undefined ? {} : { cwd: spawnOptions.cwd }),
      ...(spawnOptions.uid === undefined ? {} : { uid: spawnOptions.uid }),
      ...(spawnOptions.gid === undefined ? {} : { gid: spawnOptions.gid }),
    });
    if (log !== null) closeSync(log);
    const { pid } = child;
    if (pid === undefined) {
      child.on('error', () => {});
      throw new LabError('E_SPAWN', `${name}: ${command} cannot be started`, {
        hint: existsSync(command)
          ? 'is it executable, for this user and on this system?'
          : 'there is no such file',
      });
    }
    const stopSignal = spawnOptions.stopSignal ?? 'SIGTERM';
    run.processes.push({ name, pid, startTime: startTime(pid), stopSignal });
    if (spawnOptions.port !== undefined) run.ports[name] = spawnOptions.port;
    writeRunFile();

    let asked = false;
    const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>(
      (resolve) => {
        child.once('exit', (code, signal) => {
          if (!asked && code !== 0) say(`${name} (pid ${pid}) ended by itself: ${signal ?? code}`);
          forget(pid, name);
          resolve({ code, signal });
        });
      },
    );
    const send = (signal: NodeJS.Signals, target: number = pid): void => {
      try {
        process.kill(target, signal);
      } catch {
        // gone already
      }
    };
    const supervised: SupervisedProcess = {
      name,
      pid,
      child,
      exited,
      async stop(graceMs = 5000) {
        if (child.exitCode !== null || child.signalCode !== null) return;
        asked = true;
        send('SIGCONT');
        send(stopSignal);
        const killer = setTimeout(() => {
          say(`${name} (pid ${pid}) did not end in ${graceMs} ms: killed`);
          send('SIGKILL');
        }, graceMs);
        await exited;
        clearTimeout(killer);
        send('SIGKILL', -pid); // what is left of its group
      },
      freeze: () => send('SIGSTOP'),
      thaw: () => send('SIGCONT'),
    };
    processes.push(supervised);
    return supervised;
  }

  function forget(pid: number, name: string): void {
    run.processes = run.processes.filter((entry) => entry.pid !== pid);
    delete run.ports[name];
    const at = processes.findIndex((entry) => entry.pid === pid);
    if (at >= 0) processes.splice(at, 1);
    // After `stopAll` the file is gone, and stays gone.
    if (existsSync(runFilePath)) writeRunFile();
  }

  async function stopEverything(): Promise<void> {
    for (const supervised of processes.toReversed()) await supervised.stop();
    killMarked(id);
    for (const folder of run.folders) {
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    }
    rmSync(runFilePath, { force: true });
    active.delete(supervisor);
    if (reaper !== null && reaper.exitCode === null) {
      reaper.ref();
      const gone = once(reaper, 'exit');
      reaper.stdin?.end();
      await Promise.race([gone, sleep(2000, undefined, { ref: false })]);
    }
  }

  const supervisor: Supervisor & { interrupt(): void } = {
    mark,
    runFolder,
    interrupted: abort.signal,
    spawn,
    addFolder(path) {
      if (!isAbsolute(path) || !/^(run|cachelab)-/.test(basename(path))) {
        throw new Error(`${path}: not a folder that the lab may remove`);
      }
      run.folders.push(path);
      writeRunFile();
    },
    stopAll() {
      stopping ??= stopEverything();
      return stopping;
    },
    interrupt: () => abort.abort(),
  };

  makeStateFolder(options.root);
  writeRunFile();
  mkdirSync(runFolder, { recursive: true });
  startReaper();
  if (options.handleSignals ?? true) {
    active.add(supervisor);
    installHandlers(say);
  }
  return supervisor;
}

/**
 * Ends what earlier labs of this checkout left when they were killed together with their reaper. Labs that are alive are left
 * alone, and so are run files from another machine or container.
 * @returns One line for each process ended and folder removed.
 */
export async function sweepOrphans(root: string): Promise<string[]> {
  const found: string[] = [];
  for (const { path, run } of runFiles(root)) {
    if (labState(run) === 'dead') found.push(...(await endRun(path)));
  }
  return found;
}

/** The run files of this checkout, with their paths. Files that cannot be read are passed over. */
export function runFiles(root: string): { path: string; run: RunFile }[] {
  const folder = labsFolder(root);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => join(folder, name))
    .flatMap((path) => {
      const run = readRun(path);
      return run === null ? [] : [{ path, run }];
    });
}

function labsFolder(root: string): string {
  return join(root, '.cachelab', 'labs');
}

function makeStateFolder(root: string): void {
  try {
    mkdirSync(labsFolder(root), { recursive: true });
  } catch (cause) {
    throw new LabError('E_STATE_FOLDER', `cannot write to ${join(root, '.cachelab')}`, {
      hint: 'the checkout must belong to the user that runs the lab',
      cause,
    });
  }
}

let handlersInstalled = false;

function installHandlers(say: (line: string) => void): void {
  if (handlersInstalled) return;
  handlersInstalled = true;
  const end = (why: string, exitCode: number): void => {
    const nowMs = Date.now();
    if (interruptedAtMs > 0) {
      if (nowMs - interruptedAtMs > SAME_KEY_PRESS_MS) process.exit(exitCode);
      return;
    }
    interruptedAtMs = nowMs;
    say(`${why}: ending what the lab started`);
    const supervisors = [...active];
    for (const supervisor of supervisors) supervisor.interrupt();
    void Promise.allSettled(supervisors.map((supervisor) => supervisor.stopAll())).then(() =>
      process.exit(exitCode),
    );
  };
  process.on('SIGINT', () => end('interrupted', EXIT.interrupted));
  process.on('SIGTERM', () => end('SIGTERM', 143));
  process.on('SIGHUP', () => end('the terminal closed', 129));
  process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
    // Whoever read our output has gone (`| head`): nothing to tell, and nobody to tell it.
    if (error.code === 'EPIPE') return end('output closed', EXIT.fine);
    process.stderr.write(`${error.stack ?? String(error)}\n`);
    end('own fault', EXIT.failed);
  });
  watchParent(() => end('the starting process is gone', 143));
}

/** npm passes no SIGTERM on, it just goes: `scripts/run.mjs` asks its child to notice when it is gone itself. */
function watchParent(gone: () => void): void {
  const parent = Number(process.env['CACHELAB_PARENT_PID']);
  if (!Number.isInteger(parent) || parent !== process.ppid) return;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    gone();
  }, PARENT_WATCH_MS);
  timer.unref();
}
