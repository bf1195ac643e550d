import { expect, test } from 'vitest';
import { analyseExperiment } from '../../lab/analyse.ts';
import { madeUpRecords, planOf, RUN_OPTIONS } from '../../lab/fixtures/records.ts';
import type { ExperimentAnalysis } from '../../lab/result.ts';
import { experiment } from './experiment.ts';

/** Two trials of 15 rounds; `[stuck, overtaken]` of each. */
function analysed(arms: Record<string, [stuck: number, overtaken: number]>): ExperimentAnalysis {
  const behaviour = Object.fromEntries(
    Object.keys(arms).map((arm) => [arm, { medianMs: 2, selectsPerPage: 1 }]),
  );
  const records = madeUpRecords(experiment, behaviour, 2).map((record) => {
    if (record.state !== 'completed') return record;
    const [stuckRounds, overtakenRounds] = arms[record.arm]!;
    const totals = { rounds: 15, stuckRounds, overtakenRounds };
    const findings = { totals, samples: {}, series: [], notes: [] };
    return { ...record, measurement: { ...record.measurement, findings } };
  });
  return analyseExperiment(planOf(experiment, 2), RUN_OPTIONS, records);
}

test('30 of 30 rounds stuck with a lock, 0 of 30 with a lease: shares with intervals and the 3 / n bound', () => {
  const { answer } = analysed({ lock: [15, 15], lease: [0, 15], invalidated: [1, 15] });
  expect(answer).toContain('100 % (90.0 % to 100 %) with lock');
  expect(answer).toContain('7 % (2 % to 21 %) with invalidated');
  expect(answer).toContain('0 % (< 10 %) with lease');
});

test('where half of the second edits fell into a load, half of the rounds are expected to be stuck', () => {
  const half = analysed({ lock: [7, 8], 'single-flight': [1, 15] });
  const agrees = Object.fromEntries((half.theory ?? []).map((one) => [one.arm, one.agrees]));
  expect(agrees).toEqual({ lock: true, 'single-flight': false });
  expect(half.theory?.[0]?.theory).toBeCloseTo(16 / 30);
});

test('the scorecard has a cell per policy, good only without a stuck round', () => {
  const { scores = [] } = analysed({
    lock: [15, 15],
    'lock-read-committed': [7, 15],
    lease: [0, 15],
  });
  expect(scores.map(({ policy, tone }) => [policy, tone])).toEqual([
    ['lock', 'bad'],
    ['lease', 'good'],
  ]);
  expect(scores[0]?.words).toBe('edited twice: 30 of 30 stuck until the TTL');
});

test('without a trial with a lock there is no answer, and the chart leaves out arms without data', () => {
  const nothing = analysed({ lease: [0, 15] });
  expect(nothing.answer).toMatch(/^No answer/);
  const [stuck] = experiment.charts(nothing);
  expect(stuck?.description).toBe(
    'lease: 0 of 30 rounds stuck; the second edit fell into a load in 30.',
  );
});
