import { expect, test } from 'vitest';
import { analyseExperiment } from '../lab/analyse.ts';
import { EXPERIMENTS } from '../lab/experiments.ts';
import { madeUpRecords, RUN_OPTIONS } from '../lab/fixtures/records.ts';
import { planRun } from '../lab/plan.ts';
import { experiment } from './_template/experiment.ts';

const all = [...EXPERIMENTS, experiment];

test('the template, added to the list, is planned by its name: 24 trials in `standard`, 6 in `quick`, none in a bare bench', () => {
  const trials = (profile: 'standard' | 'quick'): number[] =>
    planRun(all, { ...RUN_OPTIONS, experiments: ['my-experiment'], profile }).map(
      (plan) => plan.trials.length,
    );
  expect(trials('standard')).toEqual([24]);
  expect(trials('quick')).toEqual([6]);
  const bare = planRun(all, { ...RUN_OPTIONS, profile: 'headline' });
  expect(bare.map((plan) => plan.experiment.name)).not.toContain('my-experiment');
});

test('the template answers with a ratio from 12 rounds, says so without any, and draws its figures', () => {
  const [plan] = planRun(all, { ...RUN_OPTIONS, experiments: ['my-experiment'] });
  const records = madeUpRecords(
    experiment,
    { kept: { medianMs: 2, selectsPerPage: 0 }, deleted: { medianMs: 20, selectsPerPage: 50 } },
    12,
  );
  const analysis = analyseExperiment(plan!, RUN_OPTIONS, records);
  expect(analysis.answer).toMatch(
    /^The p90 is (9|10|11)[.\d]* \([\d.]+ to [\d.]+\) times as long with DEL\.$/,
  );
  expect(analysis.comparisons[0]?.verdict).toBe('slower');
  expect(experiment.charts(analysis).map(({ id }) => id)).toEqual([
    'my-experiment-percentiles',
    'my-experiment-trials',
  ]);
  expect(analyseExperiment(plan!, RUN_OPTIONS, []).answer).toBe('No answer: no valid round.');
});

test('the design of the template takes 25 lines at most', async () => {
  const { readFileSync } = await import('node:fs');
  const text = readFileSync(new URL('./_template/experiment.ts', import.meta.url), 'utf8');
  const design = text.slice(text.indexOf('export const experiment'));
  expect(design.trim().split('\n').length).toBeLessThanOrEqual(25);
});
