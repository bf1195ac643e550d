import { expect, test } from 'vitest';
import { experiment } from '../../scenarios/aa/experiment.ts';
import { madeUpRecords } from '../fixtures/records.ts';
import { countFalseAlarms } from './aa.ts';

const like = (medianMs: number): { medianMs: number; selectsPerPage: number } => ({
  medianMs,
  selectsPerPage: 0,
});

test('60 rounds of four arms make 20 comparisons; a difference of 30 % in one pair gives 10 alarms', () => {
  const records = madeUpRecords(
    experiment,
    { a: like(2), b: like(2.6), c: like(2), d: like(2) },
    60,
  );
  const { comparisons, falseAlarms } = countFalseAlarms(records);
  expect(comparisons).toBe(20);
  expect(falseAlarms).toBeGreaterThanOrEqual(10);
  expect(falseAlarms).toBeLessThanOrEqual(12);
});

test('four equal arms give at most 3 alarms in 20 comparisons, and 61 rounds leave 20 when one is lost', () => {
  const records = madeUpRecords(experiment, { a: like(2), b: like(2), c: like(2), d: like(2) }, 61);
  expect(countFalseAlarms(records).falseAlarms).toBeLessThanOrEqual(3);
  const lost = records.filter((record) => record.arm !== 'a' || record.round !== 5);
  expect(countFalseAlarms(lost).comparisons).toBe(20);
});
