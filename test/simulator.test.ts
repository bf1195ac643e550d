import { afterAll, beforeAll, expect, test } from 'vitest';
import { analyseExperiment } from '../lab/analyse.ts';
import { planOf, RUN_OPTIONS } from '../lab/fixtures/records.ts';
import { experiment } from '../scenarios/simulator/experiment.ts';
import { invalidFlags, measurementOf, openTrials, type Trials } from './trials.ts';

let trials: Trials;

beforeAll(async () => {
  trials = await openTrials({ stores: 1000 });
});

afterAll(() => trials.close());

test('a trial of 1,000 pages with a TTL of 1 s is simulated from its own journal, and hits as often', async () => {
  const arm = experiment.arms.find(({ name }) => name === 'ttl-1000-r200')!;
  const record = await trials.run({
    ...arm,
    load: { kind: 'open', ratePerSecond: 60, arrivals: 'poisson', expectedP99Ms: 500 },
    ...{ protocol: experiment.protocol!, experiment: experiment.name },
    ...{ warmSeconds: 0.5, measureSeconds: 12 },
    flagsAsMeasures: experiment.flagsAsMeasures,
  });
  expect(invalidFlags(record)).toEqual([]);
  const { notes, samples } = measurementOf(record).findings!;
  expect(notes[0]).toContain('fed with the trial’s own requests');
  expect(samples['gap']).toHaveLength(1);

  const own = { ...record, experiment: experiment.name };
  const { theory } = analyseExperiment(planOf(experiment, 1), RUN_OPTIONS, [own]);
  const all = theory!.find(({ quantity }) => quantity === 'hit ratio, all')!;
  // With the very requests given, chance and a busy machine move a hit ratio of about 0.36 by little.
  expect(Math.abs(all.measured.value - all.theory)).toBeLessThan(0.05);
});
