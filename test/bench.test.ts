import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTime } from '../lab/provision/reap.mjs';
import { runFiles } from '../lab/provision/supervisor.ts';
import type { RunResult, TrialRecord } from '../lab/result.ts';
import { type Checkout, checkout, type CliExit } from './checkout.ts';

const ARMS = ['static', 'cached'];
const ROUNDS = 2;

let copy: Checkout;
let exit: CliExit;
let seen: { name: string; pid: number; startTime: string | null }[];
let records: TrialRecord[];
let result: RunResult;
let statusBefore: string;

const gitStatus = (): string =>
  execFileSync('git', ['-C', copy.root, 'status', '--porcelain'], { encoding: 'utf8' });

/** Reads a file of the one run. */
const runFile = (name: string): string =>
  readFileSync(join(copy.root, 'reports', 'runs', copy.runs()[0]!, name), 'utf8');

beforeAll(async () => {
  copy = await checkout();
  statusBefore = gitStatus();
  const config = copy.config({
    stores: 3,
    rate: 40,
    seed: 7,
    design: { rounds: ROUNDS, warmSeconds: 0.5, measureSeconds: 1 },
  });
  const args = ['latency', '--arms', ARMS.join(','), '--config', config, '--profile', 'quick'];
  // On a machine that is busy an answer of Redis takes its time: a page that gave it up would be no hit.
  const patient = { CACHELAB_REDIS_TIMEOUT_MS: '5000' };
  const lab = copy.start(['bench', ...args, '--json'], patient);
  // The processes of the run come and go; each is in the run file while it lives.
  const processes = new Map<number, (typeof seen)[number]>();
  const watch = setInterval(() => {
    for (const { run } of runFiles(copy.root)) {
      for (const one of run.processes) processes.set(one.pid, one);
    }
  }, 50);
  exit = await lab.exited;
  clearInterval(watch);
  seen = [...processes.values()];
  if (exit.code !== 0 && exit.code !== 5) throw new Error(exit.stderr);
  records = runFile('records.ndjson')
    .trimEnd()
    .split('\n')
    .map((line): TrialRecord => JSON.parse(line));
  result = JSON.parse(runFile('results.json'));
}, 400_000); // up to 3 attempts at each trial

afterAll(() => copy.remove());

describe('a run of 2 rounds of 2 arms at 40/s', () => {
  test('ends with 0, or with 5 where a busy machine left an arm without a valid trial', () => {
    const missing = result.experiments.flatMap((one) => one.armsWithoutData);
    expect(exit.code).toBe(missing.length === 0 ? 0 : 5);
    expect(exit.stderr).not.toMatch(/^\s+at .*:\d+:\d+/m);
  });

  test('has one line for each trial, in the planned order, repeated only where one was invalid', () => {
    expect(records.map((record) => record.order)).toEqual(records.map((_, index) => index));
    const first = records.filter((record) => record.attempt === 1);
    expect(first.map(({ round, slot }) => [round, slot])).toEqual([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ]);
    for (const [index, record] of records.entries()) {
      if (record.attempt === 1) continue;
      expect(records[index - 1]!.state).not.toBe('completed');
      expect(records[index - 1]!.attempt).toBe(record.attempt - 1);
    }
    expect(records.filter((record) => record.state === 'failed')).toEqual([]);
    for (const round of [0, 1]) {
      const arms = first.filter((record) => record.round === round).map((record) => record.arm);
      expect(arms.sort()).toEqual([...ARMS].sort());
    }
  });

  test('only the machine may spoil a trial: the state, the script and the witnesses are in order', () => {
    const machine = [
      ...['foreign-cpu', 'host-busy', 'start-lag', 'generator-cpu', 'not-steady'],
      ...['dropped', 'achieved-rate'], // one arrival of 40 that k6 does not come to is enough
    ];
    const others = records.flatMap((record) =>
      record.state === 'failed'
        ? []
        : record.flags.filter((one) => one.severity === 'invalid' && !machine.includes(one.flag)),
    );
    expect(others).toEqual([]);
  });

  test("server and Postgres count the same SELECTs: none for a hit, and k6's pages are the server's", () => {
    for (const record of records) {
      if (record.state === 'failed' || record.measurement === null) continue;
      const { postgres, server, counts, clientOutcomes } = record.measurement;
      if (postgres !== null) expect(postgres.selects).toBe(server.selectsWholeTrial);
      expect(server.selects).toBe(server.loads * 114);
      expect(server.requests).toBe(counts.completed);
      expect(clientOutcomes.hit).toBe(counts.completed);
    }
  });

  test('keeps seed, versions, settings and the command that repeats it', () => {
    expect(result).toMatchObject({ schema: 1, seed: 7, profile: 'quick', resumed: 0 });
    expect(result.command).toMatch(/^npm run bench -- latency --arms static,cached --config /);
    const { environment } = result;
    expect(environment.k6.version).toMatch(/^\d+\.\d+/);
    expect(environment.postgres.version).toMatch(/^\d+/);
    expect(environment.redis.version).toMatch(/^\d+\.\d+/);
    expect(environment.node).toBe(process.version);
    expect(environment.gitCommit).toMatch(/^[0-9a-f]{40}$/);
    expect(environment.datasetDigest).toMatch(/^[0-9a-f]{32}$/);
    const [latency] = result.experiments;
    expect(latency!.design).toMatchObject({ rounds: ROUNDS, warmSeconds: 0.5, measureSeconds: 1 });
    const strips = latency!.arms.flatMap((arm) => arm.strip.map((one) => one.order));
    expect(strips.sort((a, b) => a - b)).toEqual(records.map((record) => record.order));
  });

  test('gives no verdict word from so few rounds', () => {
    const words = result.experiments.flatMap((one) => one.comparisons.map((each) => each.verdict));
    expect(new Set(words)).toEqual(new Set(['no verdict']));
  });

  test('prints the result as JSON, and writes report.html, report.md, results.json and the tables', () => {
    const printed: RunResult = JSON.parse(exit.stdout);
    expect(printed.runId).toBe(copy.runs()[0]);
    expect(printed.experiments.length).toBe(1);
    const html = runFile('report.html');
    expect(html).toContain('<svg');
    expect(html).toContain('static');
    expect(html.length).toBeLessThan(600_000);
    expect(html).not.toContain(copy.root);
    expect(runFile('report.md')).toContain('latency');
    expect(existsSync(join(copy.root, 'reports', 'runs', copy.runs()[0]!, 'csv'))).toBe(true);
  });

  test('`report` writes the same results from the records alone', async () => {
    const before = runFile('results.json');
    const again = await copy.run(['report', copy.runs()[0]!]);
    expect(again).toMatchObject({ code: 0 });
    expect(again.stdout).toContain('report.html');
    expect(JSON.parse(runFile('results.json'))).toEqual(JSON.parse(before));
  });

  test('a run that is complete is resumed without another trial, and counts that it was taken up', async () => {
    const lines = runFile('records.ndjson');
    const again = await copy.run(['bench', '--resume', copy.runs()[0]!]);
    expect(again.code).toBe(exit.code);
    expect(copy.runs().length).toBe(1);
    expect(runFile('records.ndjson')).toBe(lines);
    const after: RunResult = JSON.parse(runFile('results.json'));
    expect(after).toMatchObject({ runId: result.runId, resumed: 1, command: result.command });
    expect(after.experiments).toEqual(result.experiments);
  });

  test('leaves no process, no run file and no change to the checkout', () => {
    expect(new Set(seen.map((one) => one.name))).toEqual(new Set(['server', 'k6']));
    const alive = seen.filter((one) => startTime(one.pid) === one.startTime);
    expect(alive).toEqual([]);
    expect(copy.leftovers()).toEqual([]);
    expect(gitStatus()).toBe(statusBefore);
  });
});
