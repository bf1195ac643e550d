// Ends what a run file names: the processes that a lab started and the folders that it made.
//
// Plain JavaScript without dependencies, because it also runs alone, as the detached reaper
// (`node reap.mjs RUN_FILE`): its standard input is a pipe from the lab, so the kernel tells it when the
// lab is gone, however it died. The next start of a lab uses the same functions for what is left even so.
//
// A pid alone is never trusted, since the system hands it out again: a process is ours if its start time
// matches too, or if it carries this run's mark (`CACHELAB_RUN=<id>`) in its environment.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const GRACE_MS = 1200;

/** When a process started, as text to compare; null when there is none (a zombie counts as none). */
export function startTime(pid) {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The name in brackets may hold spaces and brackets, so count fields from its end: 3 is the state, 22 the start.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' || fields[0] === 'X' ? null : fields[19];
    }
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    return line === '' || line.startsWith('Z') ? null : line.slice(line.indexOf(' ')).trim();
  } catch {
    return null;
  }
}

function quietly(read) {
  try {
    return read().trim();
  } catch {
    return '';
  }
}

/** Where pids mean what they say: this machine, since this boot, in this pid namespace. */
export function place() {
  return {
    host: hostname(),
    boot: quietly(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')),
    pidNamespace: quietly(() => readlinkSync('/proc/self/ns/pid')),
  };
}

/** `alive`, `dead`, or `elsewhere`: another machine or container, whose pids cannot be seen from here. */
export function labState(run) {
  const here = place();
  if (run.place.host !== here.host) return 'elsewhere';
  if (run.place.boot !== here.boot) return 'dead';
  if (run.place.pidNamespace !== here.pidNamespace) return 'elsewhere';
  return startTime(run.lab.pid) === run.lab.startTime ? 'alive' : 'dead';
}

/** The run file's content, or null when there is none or it is no run file. */
export function readRun(path) {
  try {
    const run = JSON.parse(readFileSync(path, 'utf8'));
    return run.schema === 1 && Array.isArray(run.processes) && Array.isArray(run.folders)
      ? run
      : null;
  } catch {
    return null;
  }
}

function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch {
    // gone already
  }
}

/**
 * Kills what carries this run's mark in its environment: grandchildren that left their group, and a child that was started in the
 * lab's last microsecond. Only Linux tells the environment of a process.
 */
export function killMarked(id) {
  if (process.platform !== 'linux') return [];
  const pids = [];
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue;
    try {
      const variables = readFileSync(`/proc/${entry}/environ`, 'latin1').split('\0');
      if (variables.includes(`CACHELAB_RUN=${id}`)) pids.push(Number(entry));
    } catch {
      // gone, or not ours to read
    }
  }
  for (const pid of pids) signal(pid, 'SIGKILL');
  return pids;
}

/**
 * Ends every process of a run, removes its folders and then its run file.
 * A frozen process gets SIGCONT first: SIGTERM would wait for ever.
 * @returns One line for each thing found.
 */
export async function endRun(path) {
  const run = readRun(path);
  if (run === null) return [];
  const lines = [];
  const here = place();
  if (run.place.boot === here.boot) {
    const ours = run.processes.filter(
      (entry) => entry.startTime !== null && startTime(entry.pid) === entry.startTime,
    );
    for (const entry of ours.toReversed()) {
      lines.push(`${entry.name} (pid ${entry.pid})`);
      signal(-entry.pid, 'SIGCONT');
      signal(entry.pid, 'SIGCONT');
      signal(entry.pid, entry.stopSignal);
    }
    const living = () => ours.filter((entry) => startTime(entry.pid) === entry.startTime);
    const deadline = Date.now() + GRACE_MS;
    while (living().length > 0 && Date.now() < deadline) await sleep(40);
    for (const entry of living()) signal(entry.pid, 'SIGKILL');
    for (const entry of ours) signal(-entry.pid, 'SIGKILL');
    for (const pid of killMarked(run.id)) {
      if (!ours.some((entry) => entry.pid === pid)) lines.push(`pid ${pid}`);
    }
    const killDeadline = Date.now() + GRACE_MS;
    while (living().length > 0 && Date.now() < killDeadline) await sleep(20);
  }
  for (const folder of run.folders) {
    if (!existsSync(folder)) continue;
    // A damaged run file must not be able to remove anything else.
    if (!/^(run|cachelab)-/.test(basename(folder))) continue;
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    lines.push(folder);
  }
  rmSync(path, { force: true });
  return lines;
}

async function reaper(path) {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGPIPE']) process.on(name, () => {});
  process.stdin.resume();
  process.stdin.on('error', () => {});
  await new Promise((resolve) => process.stdin.once('close', resolve));
  // The pipe closes a moment before the lab's pid is free.
  for (let tries = 0; tries < 100; tries += 1) {
    const run = readRun(path);
    if (run === null || labState(run) !== 'alive') break;
    await sleep(50);
  }
  await endRun(path);
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv[2] !== undefined) {
  await reaper(process.argv[2]);
}
