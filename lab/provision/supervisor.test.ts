import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePort, requireFreePort } from './ports.ts';
import { place, type RunFile, startTime } from './reap.mjs';
import { createSupervisor, runFiles, type Supervisor, sweepOrphans } from './supervisor.ts';

let root = '';
const strays: ChildProcess[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'cachelab-test-'));
});

afterEach(() => {
  for (const left of strays.splice(0)) left.kill('SIGKILL');
  rmSync(root, { recursive: true, force: true });
});

const SLEEPER = ['-e', 'setInterval(() => {}, 1000)'];
/** Up to seven Node processes, each with a second of its own on a busy machine. */
const STARTS_PROCESSES = { timeout: 60_000 };

function quietSupervisor(): Supervisor {
  return createSupervisor({ root, handleSignals: false });
}

/** Polls a state of the system that no event tells; the limit is for a machine that is busy. */
async function until(what: string, holds: () => boolean, limitMs = 10_000): Promise<number> {
  const startedMs = performance.now();
  while (!holds()) {
    if (performance.now() - startedMs > limitMs) throw new Error(`not in ${limitMs} ms: ${what}`);
    await sleep(25);
  }
  return performance.now() - startedMs;
}

/** A lab in a process of its own, whose children are named on its output as they start. @param more - A further line of its program. */
async function startLab(
  slowMs = 0,
  more = '',
): Promise<{ lab: ChildProcess; pids: Record<string, number> }> {
  const script = join(root, 'lab.mts');
  const supervisor = JSON.stringify(join(import.meta.dirname, 'supervisor.ts'));
  writeFileSync(
    script,
    `import { createSupervisor } from ${supervisor};
     const supervisor = createSupervisor({ root: ${JSON.stringify(root)} });
     ${more}
     const sleeper = supervisor.spawn('sleeper', process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
     const frozen = supervisor.spawn('frozen', process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
     frozen.freeze();
     const slow = supervisor.spawn('slow', process.execPath, ['-e',
       "process.on('SIGTERM', () => setTimeout(() => process.exit(0), ${slowMs})); console.log('up'); setInterval(() => {}, 1000)"],
       { stdio: ['ignore', 'pipe', 'ignore'] });
     const parent = supervisor.spawn('parent', process.execPath, ['-e',
       "const c = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true }); console.log(c.pid); setInterval(() => {}, 1000)"],
       { stdio: ['ignore', 'pipe', 'ignore'] });
     const said = (started) => new Promise((resolve) => started.child.stdout.once('data', resolve));
     const [, grandchild] = await Promise.all([said(slow), said(parent)]);
     console.log(JSON.stringify({ sleeper: sleeper.pid, slow: slow.pid, frozen: frozen.pid, parent: parent.pid, grandchild: Number(String(grandchild)) }));
     setInterval(() => {}, 1000);`,
  );
  const lab = spawn(process.execPath, ['--import', 'tsx', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: import.meta.dirname,
  });
  strays.push(lab);
  for await (const line of createInterface(lab.stdout)) {
    const pids: Record<string, number> = JSON.parse(line);
    return { lab, pids };
  }
  throw new Error('the lab ended before its children had started');
}

function running(pids: Record<string, number>): string[] {
  return Object.keys(pids).filter((name) => startTime(pids[name] ?? 0) !== null);
}

function exitOf(lab: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => lab.once('exit', (code) => resolve(code)));
}

describe('the supervisor', STARTS_PROCESSES, () => {
  test('names a process in the run file before spawn returns, and no longer once it has ended', async () => {
    const supervisor = quietSupervisor();
    const sleeper = supervisor.spawn('sleeper', process.execPath, SLEEPER, { port: 4711 });
    const named = runFiles(root)[0]?.run;
    expect(named?.processes.map(({ name, pid }) => [name, pid])).toEqual([
      ['sleeper', sleeper.pid],
    ]);
    expect(named?.processes[0]?.startTime).toBe(startTime(sleeper.pid));
    expect(named?.ports).toEqual({ sleeper: 4711 });
    await sleeper.stop();
    expect(runFiles(root)[0]?.run.processes).toEqual([]);
    await supervisor.stopAll();
  });

  test('stopAll ends a frozen process too, and leaves no process, no folder and no run file', async () => {
    const supervisor = quietSupervisor();
    const folder = mkdtempSync(join(root, 'cachelab-extra-'));
    supervisor.addFolder(folder);
    const sleeper = supervisor.spawn('sleeper', process.execPath, SLEEPER);
    const frozen = supervisor.spawn('frozen', process.execPath, SLEEPER);
    frozen.freeze();
    await supervisor.stopAll();
    expect(await sleeper.exited).toEqual({ code: null, signal: 'SIGTERM' });
    expect(await frozen.exited).toEqual({ code: null, signal: 'SIGTERM' });
    expect(existsSync(folder)).toBe(false);
    expect(readdirSync(join(root, '.cachelab'))).toEqual(['labs']);
    expect(runFiles(root)).toEqual([]);
  });

  test('kills a process that ignores SIGTERM when its grace is over', async () => {
    const supervisor = quietSupervisor();
    const stubborn = supervisor.spawn(
      'stubborn',
      process.execPath,
      ['-e', "process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000)"],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    await new Promise((resolve) => stubborn.child.stdout?.once('data', resolve));
    await stubborn.stop(50);
    expect(await stubborn.exited).toEqual({ code: null, signal: 'SIGKILL' });
    await supervisor.stopAll();
  });

  test('a command that does not exist is an error with its name, and leaves nothing in the run file', async () => {
    const supervisor = quietSupervisor();
    expect(() => supervisor.spawn('ghost', join(root, 'no-such-program'), [])).toThrow(
      /ghost: .*no-such-program cannot be started/,
    );
    expect(runFiles(root)[0]?.run.processes).toEqual([]);
    await supervisor.stopAll();
  });

  test('a folder with any other name is not taken for removal', async () => {
    const supervisor = quietSupervisor();
    expect(() => supervisor.addFolder(root.replace(/[^/]*$/, 'precious'))).toThrow('not a folder');
    await supervisor.stopAll();
  });

  test('kill -9 of the lab ends its children, a frozen one and a detached grandchild among them', async () => {
    const { lab, pids } = await startLab();
    expect(running(pids)).toEqual(['sleeper', 'slow', 'frozen', 'parent', 'grandchild']);
    lab.kill('SIGKILL');
    await until('every process gone', () => running(pids).length === 0);
    await until('run file gone', () => runFiles(root).length === 0);
    expect(readdirSync(join(root, '.cachelab'))).toEqual(['labs']);
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)(
    '%s ends the children first and then the lab with exit code %i',
    async (signal, code) => {
      const { lab, pids } = await startLab();
      const exit = exitOf(lab);
      lab.kill(signal);
      expect(await exit).toBe(code);
      await until('every process gone', () => running(pids).length === 0);
      expect(runFiles(root)).toEqual([]);
    },
  );

  test('a second SIGINT within 500 ms is the same key press, passed on by a parent: the clean-up runs to its end', async () => {
    // Sent by the lab itself: from here it could be later than that on a busy machine.
    const { lab, pids } = await startLab(
      300,
      "process.once('SIGINT', () => setTimeout(() => process.kill(process.pid, 'SIGINT'), 100));",
    );
    const exit = exitOf(lab);
    lab.kill('SIGINT');
    expect(await exit).toBe(130);
    expect(running({ ...pids, grandchild: 0 })).toEqual([]);
  });

  test('a second SIGINT later ends the lab at once, and the reaper ends the rest', async () => {
    const { lab, pids } = await startLab(60_000);
    const exit = exitOf(lab);
    lab.kill('SIGINT');
    await until('the first child ended', () => running(pids).length < 5); // the 500 ms have begun
    await sleep(600);
    lab.kill('SIGINT');
    expect(await exit).toBe(130);
    expect(running(pids)).toContain('slow');
    await until('every process gone', () => running(pids).length === 0);
  });
});

/** A process like one that a dead lab left. */
function stray(): { pid: number; startTime: string | null } {
  const child = spawn(process.execPath, SLEEPER, { detached: true, stdio: 'ignore' });
  strays.push(child);
  const pid = child.pid ?? 0;
  return { pid, startTime: startTime(pid) };
}

function leaveRunFile(changes: Partial<RunFile>): void {
  const folder = join(root, '.cachelab', 'run-dead');
  mkdirSync(folder, { recursive: true });
  mkdirSync(join(root, '.cachelab', 'labs'), { recursive: true });
  const run: RunFile = {
    schema: 1,
    id: 'dead-0000',
    label: 'bench',
    startedAt: '2026-01-01T00:00:00.000Z',
    place: place(),
    // This process is alive, but did not start then: the lab's pid was given to another.
    lab: { pid: process.pid, startTime: '1' },
    processes: [],
    folders: [folder],
    ports: {},
    ...changes,
  };
  writeFileSync(join(root, '.cachelab', 'labs', 'dead-0000.json'), JSON.stringify(run));
}

describe('the sweep at the next start', STARTS_PROCESSES, () => {
  test('ends what a dead lab left, removes its folder and says so', async () => {
    const left = stray();
    leaveRunFile({ processes: [{ name: 'redis', ...left, stopSignal: 'SIGTERM' }] });
    const lines = await sweepOrphans(root);
    expect(lines).toEqual([`redis (pid ${left.pid})`, join(root, '.cachelab', 'run-dead')]);
    expect(startTime(left.pid)).toBeNull();
    expect(readdirSync(join(root, '.cachelab'))).toEqual(['labs']);
    expect(await sweepOrphans(root)).toEqual([]);
  });

  test('never touches a process whose pid is in the run file but whose start time is another', async () => {
    const bystander = stray();
    leaveRunFile({
      processes: [{ name: 'redis', pid: bystander.pid, startTime: '1', stopSignal: 'SIGKILL' }],
    });
    await sweepOrphans(root);
    expect(startTime(bystander.pid)).toBe(bystander.startTime);
    expect(runFiles(root)).toEqual([]);
  });

  test('after a restart of the machine no pid is believed, even with a matching start time', async () => {
    const bystander = stray();
    leaveRunFile({
      place: { ...place(), boot: 'an earlier boot' },
      processes: [{ name: 'redis', ...bystander, stopSignal: 'SIGKILL' }],
    });
    await sweepOrphans(root);
    expect(startTime(bystander.pid)).toBe(bystander.startTime);
    expect(runFiles(root)).toEqual([]);
  });

  test('leaves a lab that is alive alone, and one of another machine', async () => {
    const supervisor = quietSupervisor();
    const sleeper = supervisor.spawn('sleeper', process.execPath, SLEEPER);
    const left = stray();
    leaveRunFile({
      place: { ...place(), host: 'elsewhere' },
      processes: [{ name: 'redis', ...left, stopSignal: 'SIGKILL' }],
    });
    expect(await sweepOrphans(root)).toEqual([]);
    expect(startTime(sleeper.pid)).not.toBeNull();
    expect(startTime(left.pid)).toBe(left.startTime);
    expect(runFiles(root)).toHaveLength(2);
    await supervisor.stopAll();
  });

  test('a damaged run file removes no folder but those of a lab', async () => {
    const precious = join(root, 'precious');
    mkdirSync(precious);
    leaveRunFile({ folders: [precious] });
    await sweepOrphans(root);
    expect(existsSync(precious)).toBe(true);
  });
});

describe('ports', () => {
  test('a taken port is refused with its number and the way out; a free one is found', async () => {
    const holder = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => holder.listen(port, '127.0.0.1', resolve));
    await expect(requireFreePort(port, 'the store')).rejects.toMatchObject({
      code: 'E_PORT_TAKEN',
      message: `port ${port} on 127.0.0.1 cannot be used for the store`,
    });
    await new Promise((resolve) => holder.close(resolve));
    await expect(requireFreePort(port, 'the store')).resolves.toBeUndefined();
  });
});
