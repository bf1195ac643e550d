import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SimulationResult } from '../../lab/sim/result.ts';
import { type Checkout, checkout } from '../checkout.ts';

let copy: Checkout;
const folder = mkdtempSync(join(tmpdir(), 'cachelab-sim-'));
beforeAll(async () => {
  copy = await checkout();
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await copy.remove();
});

/** Two keys in turn, one beside them that comes once. */
const LOG = ['a', 'b', 'a', 'b', 'c', 'a', 'b'].map((key, at) => `${at},${key}`).join('\n');

test('a sweep over a CSV prints a table, writes a page and its rows, and gives the same as JSON', async () => {
  const csv = join(folder, 'small.csv');
  writeFileSync(csv, `${LOG}\n`);
  const args = ['sim', 'sweep', '--trace', csv, '--columns', 'time=1,key=2'];
  const sizes = ['--policies', 'lru,belady', '--sizes', '2,3', '--ttls', '1s,10s'];
  const out = join(folder, 'page');
  const rows = join(folder, 'rows.csv');
  const shown = await copy.run([...args, ...sizes, '--out', out, '--csv', rows]);
  expect(shown).toMatchObject({ code: 0 });
  expect(shown.stdout).toContain('Hit ratio by policy and size');
  expect(readFileSync(rows, 'utf8')).toContain('lru,3,objects,3,7,4,0.571');
  expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('Simulation of small.csv');

  const json = await copy.run([...args, ...sizes, '--threads', '2', '--json']);
  const result = JSON.parse(json.stdout) as SimulationResult;
  expect(result.source).toMatchObject({ requests: 7, objects: 3, seconds: 6 });
  expect(result.sizes.map(({ policy, size, hits }) => [policy, size, hits])).toEqual([
    ...[
      ['lru', '2', 2],
      ['lru', '3', 4],
      ['belady', '2', 3],
      ['belady', '3', 4],
    ],
  ]);
  // With 1 s of life only the copies of this second are fresh: none. The bound knows no lives.
  expect(result.ttls.map(({ cache, hitRatio }) => [cache?.size, hitRatio])).toEqual([
    ...[
      ['2', 0],
      ['3', 0],
      ['2', 2 / 7],
      ['3', 4 / 7],
    ],
  ]);
});

test('run and mrc answer for a trace made to order', async () => {
  const made = ['--generate', 'zipf:objects=200,requests=5000,rate=100,updates=0.01'];
  const run = await copy.run(['sim', 'run', ...made, '--ttl', '5s', '--freshness', 'lease']);
  expect(run.stdout).toMatch(/hit ratio {2,}\d+ %/);
  expect(run.stdout).toMatch(/stale {2,}0 % of the reads/);
  const curve = await copy.run(['sim', 'mrc', ...made, '--points', '5', '--json']);
  const { curve: points } = JSON.parse(curve.stdout) as SimulationResult;
  expect(points.filter(({ method }) => method === 'exact')).toHaveLength(5);
});

test('trace info tells what a trace is like', async () => {
  const { stdout } = await copy.run([
    'trace',
    'info',
    '--generate',
    'loop:objects=50,requests=500',
  ]);
  expect(stdout).toMatch(/objects {2,}50, 0 % of them requested once/);
  expect(stdout).toMatch(/reuse {2,}after 50 requests \(median\)/);
});

describe('what cannot be simulated is refused with its value and a next step, and nothing is written', () => {
  const garbage = join(folder, 'garbage.bin');
  writeFileSync(
    garbage,
    Uint8Array.from({ length: 999 }, (_, at) => (at * 7919) % 251),
  );
  const made = ['--generate', 'zipf:objects=10,requests=50'];
  test.each([
    ['no source', ['sim', 'sweep'], ['where do the requests come from?']],
    ['a missing file', ['sim', 'sweep', '--trace', 'nosuch'], ['E_TRACE_MISSING', 'nosuch']],
    ['garbage', ['trace', 'info', '--trace', garbage], ['E_TRACE_FORMAT', 'garbage.bin']],
    ['a policy', ['sim', 'sweep', ...made, '--policies', 'mru'], ['E_UNKNOWN_POLICY', 'sieve']],
    ['TTLs without times', ['sim', 'sweep', ...made, '--ttls', '5s'], ['E_NO_TIMES', 'rate=1000']],
    [
      'two wrong values',
      ['sim', 'mrc', ...made, '--points', '1', '--rate', '7'],
      ['not "1"', 'not "7"'],
    ],
    ['neither size nor TTL', ['sim', 'run', ...made], ['--size, --ttl, or both']],
    ['a capture without a server', ['trace', 'capture'], ['--redis must be a URL']],
  ])('%s', async (_, args, said) => {
    const out = join(folder, 'never');
    const exit = await copy.run(args[1] === 'sweep' ? [...args, '--out', out] : args);
    for (const words of said) expect(exit.stderr).toContain(words);
    expect(exit.stderr).not.toMatch(/^\s+at .*:\d+:\d+/m);
    expect(exit.code).toBe(2);
    expect(existsSync(out)).toBe(false);
  });
});
