import { expect, test } from 'vitest';
import { experiment } from '../scenarios/latency/experiment.ts';
import { madeUpRecords } from './fixtures/records.ts';
import type { TrialRecord } from './result.ts';
import { isSettled } from './settled.ts';

const [valid] = madeUpRecords(experiment, { cached: { medianMs: 2, selectsPerPage: 0 } }, 1);
const invalid = { ...valid, state: 'invalid' } as TrialRecord;
const trial = { experiment: 'latency', arm: 'cached', round: 0 };

test('a trial is settled by its first valid attempt, or by three that are not', () => {
  expect(isSettled([], 0, trial)).toBe(false);
  expect(isSettled([valid!], 0, trial)).toBe(true);
  expect(isSettled([invalid, invalid], 0, trial)).toBe(false);
  expect(isSettled([invalid, invalid, invalid], 0, trial)).toBe(true);
  expect(isSettled([valid!], 0, { ...trial, round: 1 })).toBe(false);
});

test('where earlier failures do not count, a trial has three more attempts, and a valid one stays settled', () => {
  const three = [invalid, invalid, invalid];
  expect(isSettled(three, 3, trial)).toBe(false);
  expect(isSettled([...three, invalid, invalid], 3, trial)).toBe(false);
  expect(isSettled([...three, ...three], 3, trial)).toBe(true);
  expect(isSettled([invalid, valid!], 2, trial)).toBe(true);
});
