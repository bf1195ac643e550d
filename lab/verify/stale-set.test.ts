import { expect, test } from 'vitest';
import type { RunResult } from '../result.ts';
import { experiment } from '../../scenarios/staleness/experiment.ts';
import { analyseExperiment } from '../analyse.ts';
import { madeUpRecords, planOf, RUN_OPTIONS } from '../fixtures/records.ts';
import { parseRunOptions } from '../options.ts';
import { planRun } from '../plan.ts';
import { criterion } from './stale-set.ts';

if (criterion.kind !== 'bench') throw new Error('stale-set is a bench');
const bench = criterion;

const ENOUGH = { reads: 60_000, writes: 600, overlappingFills: 40, refusedFills: 20, staleSets: 0 };

/** Two rounds of all four arms with these totals in each trial. */
function resultOf(totals: Record<string, Partial<typeof ENOUGH>>): RunResult {
  const behaviour = Object.fromEntries(
    Object.keys(totals).map((arm) => [arm, { medianMs: 2, selectsPerPage: 1 }]),
  );
  const records = madeUpRecords(experiment, behaviour, 2).map((record) => {
    if (record.state !== 'completed') return record;
    const own = { ...ENOUGH, ...totals[record.arm] };
    const findings = { totals: own, samples: {}, series: [], notes: [] };
    return { ...record, measurement: { ...record.measurement, findings } };
  });
  const analysed = analyseExperiment(planOf(experiment, 2), RUN_OPTIONS, records);
  return { experiments: [analysed] } as Partial<RunResult> as RunResult;
}

const FINE = {
  'ten-lease': {},
  'ten-fence': {},
  'ten-hardened': {},
  'ten-invalidated': { staleSets: 9 },
};

test('0 stale sets in 120,000 reads of each strict arm pass beside a control that has 18', () => {
  const { passed, lines } = bench.judge(resultOf(FINE), []);
  expect(lines.join('\n')).toContain('ten-lease: 0 stale sets in 120000 reads');
  expect(passed).toBe(true);
});

test.each([
  ['one stale set under a fence', { 'ten-fence': { staleSets: 1 } }, 'ten-fence: 2 stale sets'],
  ['99,998 reads', { 'ten-lease': { reads: 49_999 } }, 'at least 100000 reads'],
  ['998 edits', { 'ten-lease': { writes: 499 } }, 'at least 1000 edits'],
  ['48 overlapping fills', { 'ten-hardened': { overlappingFills: 24 } }, 'at least 50 fills'],
  ['no refused fill', { 'ten-fence': { refusedFills: 0 } }, 'a refused fill'],
  ['a control without the race', { 'ten-invalidated': {} }, 'ten-invalidated: 0 stale sets'],
])('%s fails, and the line says why', (_name, change, words) => {
  const { passed, lines } = bench.judge(resultOf({ ...FINE, ...change }), []);
  expect(passed).toBe(false);
  expect(lines.join('\n')).toContain(words);
});

test('its run makes 3 rounds of the four arms at 500 reads/s', () => {
  const run = {
    ...parseRunOptions(bench.experiments, bench.flags),
    ...(bench.design === undefined ? {} : { design: bench.design }),
  };
  const [plan] = planRun([experiment], run);
  expect(plan?.trials.length).toBe(12);
  expect(run.ratePerSecond).toBe(500);
  expect(plan?.arms.map(({ name }) => name).sort()).toEqual(Object.keys(FINE).sort());
});
