import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Findings } from '../lab/result.ts';
import { experiment } from '../scenarios/failure-matrix/experiment.ts';
import { requireTool, testStack } from './stack.ts';
import { invalidFlags, measurementOf, openTrials, type Trials } from './trials.ts';

let trials: Trials;

beforeAll(async () => {
  trials = await openTrials({ stores: 5 });
});
afterAll(() => trials.close());

/** One short trial of an arm of the matrix. */
async function trial(name: string): Promise<Findings> {
  const arm = experiment.arms.find((one) => one.name === name)!;
  const record = await trials.run({
    ...arm,
    load: arm.load ?? experiment.load,
    experiment: experiment.name,
    protocol: experiment.protocol!,
    flagsAsMeasures: experiment.flagsAsMeasures,
    // The script takes 2.5 s, on a busy machine 4; then Redis is found again, and each store has to be read.
    measureSeconds: 6,
  });
  expect(invalidFlags(record)).toEqual([]);
  return measurementOf(record).findings!;
}

// The short form of `npm run verify -- failure-matrix`.
test('a Redis that comes back with old data: a lease loses all 5 changes, hardened none', async (context) => {
  requireTool((await testStack()).redisServer, 'redis-server', context.skip);
  expect((await trial('lease-old-snapshot')).totals).toMatchObject({ writes: 5, lost: 5 });
  expect((await trial('hardened-old-snapshot')).totals).toMatchObject({ writes: 5, lost: 0 });
});
