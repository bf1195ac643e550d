import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Arm } from '../lab/experiment.ts';
import type { Findings, TrialRecord } from '../lab/result.ts';
import { experiment } from '../scenarios/stampede/experiment.ts';
import { invalidFlags, measurementOf, openTrials, type Trials } from './trials.ts';

let trials: Trials;

beforeAll(async () => {
  trials = await openTrials();
});

afterAll(() => trials.close());

const flagsAsMeasures = {
  ...experiment.flagsAsMeasures,
  'foreign-cpu': 'the tests share the machine',
};

/** 3 bursts of 10 readers on a page whose load takes about 0.3 s. */
async function burst(arm: Partial<Arm>): Promise<Findings> {
  const trial = (): Promise<TrialRecord> =>
    trials.run({
      ...{ experiment: 'stampede', protocol: experiment.protocol!, flagsAsMeasures },
      ...{ load: experiment.load, dbLatency: '2', measureSeconds: 7.5 },
      ...{ cache: 'prime', pool: 'unbounded', expects: { selectsPerLoad: 114 } },
      // A server that gave Redis up on a busy machine would load past the lock.
      environment: { CACHELAB_REDIS_TIMEOUT_MS: '5000' },
      ...arm,
      parameters: { readers: 10, stretch: 3, ...arm.parameters },
    });
  let record = await trial();
  // Readers whom a busy machine keeps from coming together are no burst: made once more, as in `trials.ts`.
  if (measurementOf(record).findings?.totals['counted'] !== 3) record = await trial();
  const { findings } = measurementOf(record);
  expect(invalidFlags(record), findings?.notes.join('; ')).toEqual([]);
  expect(findings?.totals).toMatchObject({ bursts: 3, counted: 3 });
  return findings!;
}

test('10 readers of a page that is gone load it 10 times without defence, in each of 3 expiries', async () => {
  const { samples } = await burst({ policy: 'cached' });
  expect(samples['loadsPerExpiry']).toEqual([10, 10, 10]);
  expect(samples['selectsPerExpiry']).toEqual([1140, 1140, 1140]);
});

test('with lock and single-flight it is loaded once, also by 2 processes', async () => {
  const { samples } = await burst({ policy: 'lock+single-flight', processes: 2 });
  expect(samples['loadsPerExpiry']).toEqual([1, 1, 1]);
});

test('a lock of 100 ms under a load of 0.3 s is seen to let further loads in', async () => {
  const { samples } = await burst({ policy: 'lock', overrides: { lockTtlMs: 100 } });
  expect(Math.min(...samples['loadsPerExpiry']!)).toBeGreaterThan(1);
});

test('stale-while-revalidate on 2 processes: 2 loads behind the backs of readers who have the old page at once', async () => {
  const { samples, totals } = await burst({
    ...{ policy: 'swr', processes: 2, parameters: { expiry: 'logical' } },
  });
  expect(samples['loadsPerExpiry']).toEqual([2, 2, 2]);
  // The rehearsal counts too.
  expect(totals['event refresh']).toBe(8);
});
