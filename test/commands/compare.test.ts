import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type MadeUpArm, madeUpRun } from '../../lab/fixtures/runs.ts';
import type { RunResult } from '../../lab/result.ts';
import { type Checkout, checkout, type CliExit } from '../checkout.ts';

let copy: Checkout;

const trials = (middleMs: number): number[] =>
  Array.from({ length: 12 }, (_, round) => middleMs * (1 + 0.002 * ((round * 7) % 5)));

function arms(cachedMs: number): Record<string, MadeUpArm> {
  return {
    uncached: { role: 'baseline', p50Ms: trials(870), selectsPerPage: 114 },
    cached: { p50Ms: trials(cachedMs) },
  };
}

/** Writes a run's result into the copy. @returns Its path there. */
function file(name: string, run: RunResult): string {
  const folder = join('kept', name);
  mkdirSync(join(copy.root, folder), { recursive: true });
  writeFileSync(join(copy.root, folder, 'results.json'), JSON.stringify(run));
  return folder;
}

const compare = (...args: string[]): Promise<CliExit> => copy.run(['compare', ...args]);

beforeAll(async () => {
  copy = await checkout();
  file('before', madeUpRun(arms(2.1), { runId: 'before' }));
  file('slower', madeUpRun(arms(2.8), { runId: 'slower' }));
  file('moved', madeUpRun(arms(2.1), { environment: { cpuModel: 'another', kernel: '6.2.0' } }));
  file('redesigned', madeUpRun(arms(2.1), { design: { dbLatency: '0' } }));
});
afterAll(() => copy.remove());

test('a run against itself is equivalent, by folder and by file, and exit code 0 even with a gate', async () => {
  const { code, stdout } = await compare(
    'kept/before',
    'kept/before/results.json',
    '--fail-on',
    'regression',
  );
  expect(stdout).toContain('2 equivalent');
  expect(stdout).toContain('all 2 exact counts are the same');
  expect(stdout).toContain('No regression found.');
  expect(code).toBe(0);
});

test('a page a third slower is named with its interval; only the gate makes it exit code 3', async () => {
  const [gated, json] = await Promise.all([
    compare('kept/before', 'kept/slower', '--fail-on', 'regression'),
    compare('kept/before', 'kept/slower', '--json'),
  ]);
  expect(gated.stdout).toMatch(
    /cached +p50 +2\.11 ms \[.*\] +2\.81 ms \[.*\] +\+33 % \[.*\] .*worse/,
  );
  expect(gated.stdout).toContain('latency, cached: p50 is worse');
  expect([gated.code, json.code]).toEqual([3, 0]);
  const parsed: { regressions: string[] } = JSON.parse(json.stdout);
  expect(parsed.regressions).toEqual(['latency, cached: p50 is worse']);
});

test('another machine is refused with each difference, and compared by ratios when asked to', async () => {
  const refused = await compare('kept/before', 'kept/moved');
  expect(refused.stderr).toContain('E_NOT_COMPARABLE');
  expect(refused.stderr).toContain('cpuModel: made up in A, another in B');
  expect(refused.stderr).toContain('kernel: 6.1.0 in A, 6.2.0 in B');
  expect(refused.stderr).toContain('--cross-host');
  expect(refused.code).toBe(2);
  const crossed = await compare('kept/before', 'kept/moved', '--cross-host');
  expect(crossed.stdout).toContain('against the control arm');
  expect(crossed.code).toBe(0);
});

test('another design is refused even across hosts', async () => {
  const refused = await compare('kept/before', 'kept/redesigned', '--cross-host');
  expect(refused.stderr).toContain('latency, dbLatency: 5-10 in A, 0 in B');
  expect(refused.stderr).not.toContain('--cross-host');
  expect(refused.stdout).toBe('');
  expect(refused.code).toBe(2);
});
