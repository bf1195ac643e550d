import { describe, expect, test } from 'vitest';
import { analysedFindings, RUN_OPTIONS } from '../../lab/fixtures/records.ts';
import { planRun } from '../../lab/plan.ts';
import type { ExperimentAnalysis, Findings } from '../../lab/result.ts';
import { ARMS, designOf, modelOf } from './arms.ts';
import { largestGap } from './cells.ts';
import { experiment } from './experiment.ts';
import { addPredictions, predictedMean } from './predictions.ts';

/** An estimate of 40 runs. */
const runs = (mean: number, oneMoreHalfWidth: number) => ({
  ...{ mean, oneMoreHalfWidth, halfWidth: oneMoreHalfWidth / 6.4, runs: 40 },
  relativeHalfWidth: oneMoreHalfWidth / 6.4 / mean,
});

/** What a trial under open arrivals finds, with its prediction. */
function expiryFindings(loads: number[], mean: number, half: number): Findings {
  const findings: Findings = {
    ...{ totals: {}, samples: { loadsPerExpiry: loads }, series: [] },
    notes: ['fed with λ = 25/s'],
  };
  addPredictions(findings, [{ quantity: 'loads per expiry', runs: runs(mean, half) }]);
  return findings;
}

/** What a trial of pages finds: 100 cycles of 10 requests of rank 1, 9 of them hits. */
function ttlFindings(mean: number, half: number): Findings {
  const totals = {
    ...{ trials: 1, 'to 1/cycles': 100, 'to 1/requests': 1000, 'to 1/requests²': 10_200 },
    ...{ 'to 1/hits': 900, 'to 1/hits²': 8300, 'to 1/hits·requests': 9180 },
  };
  const findings: Findings = { totals, samples: {}, series: [], notes: [] };
  addPredictions(findings, [{ quantity: 'hit ratio, rank 1', runs: runs(mean, half) }]);
  return findings;
}

function analysed(findings: Record<string, Findings>, rounds = 1): ExperimentAnalysis {
  return analysedFindings(experiment, findings, { rounds, medianMs: 2, selectsPerPage: 1 });
}

const wordOf = (findings: Record<string, Findings>) => analysed(findings).theory![0]!.agrees;

describe('a cell', () => {
  test('is met when the measured mean lies in the band', () => {
    expect(wordOf({ 'cached-open': expiryFindings([25, 29], 26, 3) })).toBe(true);
    expect(wordOf({ 'cached-open': expiryFindings([29, 31], 26, 3) })).toBe(false);
  });

  test('of whole numbers that never vary is met by these alone', () => {
    expect(wordOf({ 'lease-open': expiryFindings([1, 1, 1], 1, 0) })).toBe(true);
    expect(wordOf({ 'lease-open': expiryFindings([1, 2, 1], 1, 0) })).toBe(false);
  });

  test('is not judged where half of the band is wider than 15 %', () => {
    expect(wordOf({ 'cached-open': expiryFindings([26], 26, 3.8) })).toBe(true);
    expect(wordOf({ 'cached-open': expiryFindings([26], 26, 4) })).toBeNull();
  });

  test('of hit ratios is met, too, when the prediction lies in the measured interval; of loads it is not', () => {
    expect(wordOf({ slow: ttlFindings(0.902, 0.001) })).toBe(true);
    expect(wordOf({ slow: ttlFindings(0.95, 0.001) })).toBe(false);
    expect(wordOf({ 'cached-open': expiryFindings([10, 45], 26, 1) })).toBe(false);
  });
});

test('over 4 trials the prediction is the mean of theirs, and its band half as wide', () => {
  const one = expiryFindings([26], 26, 4);
  const totals = Object.fromEntries(
    Object.entries(one.totals).map(([name, value]) => [name, 4 * value]),
  );
  const { value, interval, n } = predictedMean({ totals }, 'loads per expiry', 4)!;
  expect([value, interval!.low, interval!.high, n]).toEqual([26, 24, 28, 4]);
  const { theory } = analysed({ 'cached-open': one }, 4);
  expect(theory![0]).toMatchObject({ theory: 26, agrees: true });
  expect(theory![0]!.note).toContain('24 to 28');
  expect(theory![0]!.note).toContain('fed with λ = 25/s');
});

test('the gap of a trial is that of its worst judged cell', () => {
  const arm = ARMS.find(({ name }) => name === 'cached-open')!;
  expect(largestGap(arm, expiryFindings([29], 26, 3))).toBeCloseTo(3 / 26);
  expect(largestGap(arm, expiryFindings([29], 26, 5))).toBeNull();
});

test('the answer counts the cells and names what lies outside', () => {
  const right = { 'lease-open': expiryFindings([1, 1], 1, 0), slow: ttlFindings(0.9, 0.01) };
  expect(analysed(right).answer).toBe(
    'The real server does what the simulator predicts in 2 of 2 cells.',
  );
  const wrong = analysed({ ...right, 'cached-open': expiryFindings([31], 26, 3) });
  expect(wrong.answer).toBe(
    'The real server does what the simulator predicts in 2 of 3 cells; outside: cached-open, loads per expiry: 31 instead of 26.',
  );
  expect(analysed({}).answer).toBe('No answer: no valid trial.');
});

test('its figures are one for shares, one for loads and one for peaks, each where it has a point', () => {
  const ids = (analysis: ExperimentAnalysis): string[] =>
    experiment.charts(analysis).map(({ id }) => id);
  const both = analysed({
    'lease-open': expiryFindings([1, 1], 1, 0),
    slow: ttlFindings(0.9, 0.01),
  });
  expect(ids(both)).toEqual(['simulator-shares', 'simulator-loads']);
});

test('quick has one arm and takes under 20 s, standard has 8 arms and takes 2 to 4 min', () => {
  const planned = (profile: 'quick' | 'standard') =>
    planRun([experiment], { ...RUN_OPTIONS, experiments: ['simulator'], profile })[0]!;
  const quick = planned('quick');
  expect(quick.arms.map(modelOf)).toEqual(['ttl']);
  expect(quick.estimatedSeconds).toBeLessThan(20);
  const standard = planned('standard');
  expect(standard.arms).toHaveLength(8);
  expect(standard.estimatedSeconds).toBeGreaterThan(120);
  expect(standard.estimatedSeconds).toBeLessThan(240);
});

test('an avalanche has 12 s or more, however short the profile', () => {
  const seconds = (name: string, measureSeconds: number): number => {
    const arm = ARMS.find((one) => one.name === name)!;
    return designOf(arm, { rounds: 1, warmSeconds: 1, measureSeconds }).measureSeconds;
  };
  expect(seconds('jitter10-300', 6)).toBe(12);
  expect(seconds('jitter10', 24)).toBe(22);
  expect(seconds('ttl-1000-r200', 24)).toBe(8);
});
