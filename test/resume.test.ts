import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunFile, startTime } from '../lab/provision/reap.mjs';
import { runFiles } from '../lab/provision/supervisor.ts';
import type { RunResult, TrialRecord } from '../lab/result.ts';
import { type Checkout, checkout, OWN_SERVICES, type RunningCli } from './checkout.ts';

const ROUNDS = 3;

let copy: Checkout;
beforeAll(async () => {
  copy = await checkout();
});
afterAll(() => copy.remove());

/** Waits for a state that no event tells, or for the end of the lab. On a busy machine each trial is made three times. */
async function until(lab: RunningCli, what: string, holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!holds()) {
    if (lab.child.exitCode !== null) throw new Error(`ended before: ${what}\n${lab.stderr()}`);
    if (Date.now() > deadline) throw new Error(`not in 120 s: ${what}\n${lab.stderr()}`);
    await sleep(10);
  }
}

/** The run file of a lab that runs now. */
function runFileOf(lab: RunningCli): RunFile | undefined {
  return runFiles(copy.root).find(({ run }) => run.lab.pid === lab.child.pid)?.run;
}

function names(lab: RunningCli): string[] {
  return (runFileOf(lab)?.processes ?? []).map((one) => one.name).sort();
}

function records(): TrialRecord[] {
  const [run] = copy.runs();
  const path = run === undefined ? '' : join(copy.root, 'reports', 'runs', run, 'records.ndjson');
  if (!existsSync(path)) return [];
  // A line that is being written is none yet.
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line): TrialRecord => JSON.parse(line));
}

/** Kills the lab, and waits until nothing of it is left: neither processes, by pid and start time, nor files. */
async function killAndWait(lab: RunningCli): Promise<{ killed: string[]; seconds: number }> {
  const run = runFileOf(lab);
  lab.child.kill('SIGKILL');
  expect((await lab.exited).signal).toBe('SIGKILL');
  const processes = run?.processes ?? [];
  const startMs = Date.now();
  const alive = (): string[] =>
    processes.filter((one) => startTime(one.pid) === one.startTime).map((one) => one.name);
  while (alive().length > 0 || copy.leftovers().length > 0) {
    if (Date.now() - startMs > 20_000) {
      throw new Error(`left after 20 s: ${[...alive(), ...copy.leftovers()].join(', ')}`);
    }
    await sleep(25);
  }
  return {
    killed: processes.map((one) => one.name).sort(),
    seconds: (Date.now() - startMs) / 1000,
  };
}

test('a run that is killed at five moments leaves no orphan and is completed with no trial lost or counted twice', async () => {
  const config = copy.config({
    arms: ['static'],
    stores: 0,
    rate: 30,
    design: { rounds: ROUNDS, warmSeconds: 0.5, measureSeconds: 1 },
  });
  // The services of the run itself are to be killed too, so it starts its own.
  const start = (...args: string[]): RunningCli =>
    copy.start(['bench', 'latency', '--config', config, ...args], OWN_SERVICES);

  // 1. During the set-up: Postgres has just been started.
  let lab = start();
  await until(lab, 'Postgres started', () => names(lab).includes('postgres'));
  expect((await killAndWait(lab)).killed).toContain('postgres');
  expect(copy.runs()).toEqual([]);

  // 2. In the middle of a trial, while k6 runs.
  lab = start();
  await until(lab, 'k6 runs', () => names(lab).includes('k6'));
  expect((await killAndWait(lab)).killed).toEqual(['k6', 'postgres', 'redis', 'server']);
  const [runId] = copy.runs();
  expect(records()).toEqual([]);

  // 3. Between two trials: the record is on disk, the next server is not there yet.
  lab = start('--resume', runId!);
  await until(lab, 'the first record', () => records().length > 0);
  await killAndWait(lab);
  const afterThird = records();

  // 4. In a trial, before its k6: its server is up.
  lab = start('--resume', runId!);
  await until(lab, 'the set-up ended', () => /trials are on record|round \d/.test(lab.stderr()));
  await until(lab, 'a server of a trial', () => names(lab).includes('server'));
  await killAndWait(lab);

  // 5. While the report is written: every trial is on record.
  lab = start('--resume', runId!);
  await until(lab, 'the report', () => lab.stderr().includes('writing the report'));
  await killAndWait(lab);
  const complete = records();
  expect(complete.slice(0, afterThird.length)).toEqual(afterThird);

  const end = await start('--resume', runId!).exited;
  if (end.code !== 0 && end.code !== 5) throw new Error(end.stderr);
  expect(copy.runs()).toEqual([runId]);
  expect(records()).toEqual(complete);
  for (let round = 0; round < ROUNDS; round += 1) {
    const attempts = complete.filter((record) => record.round === round);
    expect(attempts.map((record) => record.attempt)).toEqual(attempts.map((_, at) => at + 1));
    // Settled once: by a valid trial, which is the last, or by three that are not.
    const valid = attempts.findIndex((record) => record.state === 'completed');
    expect(attempts.length).toBe(valid === -1 ? 3 : valid + 1);
  }
  expect(complete.map((record) => record.order)).toEqual(complete.map((_, at) => at));
  const folder = join(copy.root, 'reports', 'runs', runId!);
  const result: RunResult = JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8'));
  expect(result.resumed).toBe(4);
  expect(result.experiments[0]!.arms[0]!.strip.length).toBe(complete.length);
  expect(existsSync(join(folder, 'report.html'))).toBe(true);
  expect(copy.leftovers()).toEqual([]);
}, 600_000);
