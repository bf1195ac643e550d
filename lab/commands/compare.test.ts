import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { EXIT, LabError } from '../errors.ts';
import { madeUpRun } from '../fixtures/runs.ts';
import { compareCommand } from './compare.ts';

const folder = mkdtempSync(join(tmpdir(), 'cachelab-compare-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const run = madeUpRun({ uncached: { role: 'baseline', p50Ms: [870, 880, 875] } });
const good = write('good.json', run);

test.each([
  ['a file that is no JSON', () => write('text.json', 'not at all'), 'not JSON'],
  ['null', () => write('null.json', 'null'), 'schema undefined'],
  ['another schema', () => write('other.json', { schema: 7 }), 'schema 7, this version reads 1'],
  ['half a run', () => write('half.json', { schema: 1 }), 'not the result of a run'],
  ['a folder without results', () => folder, 'there is no such file'],
  ['an unknown run', () => 'nosuch', 'no run nosuch'],
  [
    'a run without a common experiment',
    () => write('none.json', { ...run, experiments: [] }),
    'no experiment is in both runs',
  ],
])('%s is refused in words, with exit code 2', (_, b, words) => {
  const error = refusal({ b: b(), failOn: null });
  expect(error.message).toContain(words);
  expect(error.exitCode).toBe(EXIT.badArguments);
});

test('a gate for anything but regressions is refused with what there is', () => {
  expect(refusal({ b: good, failOn: 'rain' }).message).toContain('regression, not "rain"');
});

function refusal({ b, failOn }: { b: string; failOn: string | null }): LabError {
  try {
    compareCommand({ a: good, b, failOn, crossHost: false, json: false });
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}
