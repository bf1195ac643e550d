import { expect, test } from 'vitest';
import { analysisOf, simulatedFindings } from '../../scenarios/hit-ratio/fixtures/simulated.ts';
import { ARMS } from '../../scenarios/hit-ratio/grid.ts';
import type { ExperimentAnalysis, Findings } from '../result.ts';
import type { KeyModel } from '../theory/hit-ratio.ts';
import { judgeCells } from './hit-ratio.ts';

const NAMES = ARMS.map(({ name }) => name);
/** Whole grids are simulated. */
const SLOW = { timeout: 30_000 };

function analysed(names: readonly string[], change: Partial<KeyModel> = {}): ExperimentAnalysis {
  const findings = names.map((name): [string, Findings] => [
    name,
    simulatedFindings(name, 'verify', change),
  ]);
  return analysisOf(Object.fromEntries(findings));
}

test('a grid that is as theory says passes, and each cell outside is named', SLOW, () => {
  const { lines, passed } = judgeCells(analysed(NAMES));
  expect(passed).toBe(true);
  const [, inside = '', cells = ''] = /in (\d+) of (\d+) cells/.exec(lines[0]!) ?? [];
  const named = lines.filter((line) => line.includes('hit ratio') && line.endsWith('outside'));
  expect(named).toHaveLength(Number(cells) - Number(inside));
  expect(lines.filter((line) => line.includes('share of old pages'))).toHaveLength(6);
});

test('copies that live half as long as they should fail', SLOW, () => {
  const grid = NAMES.filter((name) => /^(ttl|del)-/.test(name));
  const { lines, passed } = judgeCells(analysed(grid, { ttlSeconds: 0.5 }));
  expect(lines[0]).toMatch(/in \d+ of 60 cells/);
  expect(passed).toBe(false);
});

test('too few cells fail, however well they fit, and arms without a trial are named', () => {
  const { lines, passed } = judgeCells(analysed(['ttl-1000-r200']));
  expect(passed).toBe(false);
  expect(lines).toContain('del-250: no valid trial');
});
