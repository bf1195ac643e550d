import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../root.ts';
import { DEFECTS, plant } from './defects.ts';

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

test('there are at least 20 defects, each with a name of its own', () => {
  expect(DEFECTS.length).toBeGreaterThanOrEqual(20);
  expect(new Set(DEFECTS.map((one) => one.name)).size).toBe(DEFECTS.length);
});

describe.each(DEFECTS)('$name', (defect) => {
  test('finds its text once in its file, and changes it', () => {
    const text = read(defect.file);
    expect(plant(text, defect)).not.toBe(text);
  });

  test('names a test that exists', () => {
    expect(existsSync(join(ROOT, defect.test.file)), defect.test.file).toBe(true);
    const sources = [defect.test.file, ...contractsOf(defect.test.file)].map(read);
    // In source a quote may be escaped.
    expect(sources.join('\n').replaceAll('\\', '')).toContain(defect.test.name);
  });
});

/** Tests that a file takes from a shared contract suite. */
function contractsOf(file: string): string[] {
  return read(file).includes('strategyContract') ? ['server/cache/strategy.contract.ts'] : [];
}
