import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Arm, Experiment } from '../lab/experiment.ts';
import type { Findings } from '../lab/result.ts';
import { experiment as editTwice } from '../scenarios/edit-twice/experiment.ts';
import { experiment as staleness } from '../scenarios/staleness/experiment.ts';
import { invalidFlags, measurementOf, openTrials, type Trials } from './trials.ts';

let trials: Trials;

beforeAll(async () => {
  trials = await openTrials({ stores: 12 });
});

afterAll(() => trials.close());

/** One short trial of an experiment's own arm. */
async function trial(
  experiment: Experiment,
  arm: string,
  more: Partial<Arm> & { measureSeconds: number },
): Promise<Findings> {
  const own = experiment.arms.find(({ name }) => name === arm)!;
  const record = await trials.run({
    ...own,
    load: own.load ?? experiment.load,
    experiment: experiment.name,
    ...(experiment.protocol === undefined ? {} : { protocol: experiment.protocol }),
    flagsAsMeasures: experiment.flagsAsMeasures,
    // On a busy machine an answer takes its time: a server that gave Redis up would load past the lock and delete nothing.
    environment: { CACHELAB_REDIS_TIMEOUT_MS: '5000' },
    ...more,
  });
  expect(invalidFlags(record)).toEqual([]);
  return measurementOf(record).findings!;
}

test('staleness: edits by psql that nobody invalidates leave nearly all reads of 10 stores stale, and windows open', async () => {
  const { totals, samples } = await trial(staleness, 'psql-invalidated', {
    measureSeconds: 3,
    parameters: { writer: 'psql', stores: 10 },
    expects: { selectsPerLoad: null },
    updatesPerSecond: 20,
  });
  const { reads = 0, staleReads = 0, writes = 0, windowsOpen = 0 } = totals;
  expect(reads).toBeGreaterThan(60);
  expect(writes).toBeGreaterThan(15);
  expect(staleReads).toBeGreaterThan(reads / 3);
  expect(windowsOpen).toBeGreaterThan(writes / 2);
  expect(samples['longestAgeMs']?.[0]).toBeGreaterThan(1000);
});

test('edit-twice: with a lock the page is stuck in each round whose second edit fell into a load, with a lease in none', async () => {
  // Two rounds on each of 4 stores. They run side by side: one pause of this process may spoil four at once.
  const lock = await trial(editTwice, 'lock', { measureSeconds: 6 });
  expect(lock.totals['stuckRounds']).toBeGreaterThanOrEqual(lock.totals['overtakenRounds']!);
  expect(lock.totals['stuckRounds']).toBeGreaterThanOrEqual(3);
  const lease = await trial(editTwice, 'lease', { measureSeconds: 6 });
  expect(lease.totals['stuckRounds']).toBe(0);
  expect(lease.totals['overtakenRounds']).toBeGreaterThanOrEqual(3);
  expect(lease.totals['refusedFills']).toBeGreaterThanOrEqual(3);
});
