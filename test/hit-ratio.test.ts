import { afterAll, beforeAll, expect, test } from 'vitest';
import { renewalHitRatio } from '../lab/theory/hit-ratio.ts';
import { shareOf } from '../scenarios/hit-ratio/cycles.ts';
import { ALL, ARMS, poisson, strataOf } from '../scenarios/hit-ratio/grid.ts';
import { protocol } from '../scenarios/hit-ratio/protocol.ts';
import { zipfShares } from '../scenarios/lib/stores.ts';
import { invalidFlags, measurementOf, openTrials, type Trials } from './trials.ts';

let trials: Trials;

beforeAll(async () => {
  trials = await openTrials({ stores: 1000 });
});

afterAll(() => trials.close());

test('240 requests for 1,000 pages with a TTL of 1 s are hit as theory says, and 20 changes/s make some of the hits old', async () => {
  const arm = ARMS.find(({ name }) => name === 'ttl-only-1000')!;
  const record = await trials.run({
    ...arm,
    load: poisson(60),
    ...{ protocol, experiment: 'hit-ratio', warmSeconds: 0.5, measureSeconds: 4 },
    flagsAsMeasures: {
      'foreign-cpu': 'the tests share the machine',
      'host-busy': 'the tests share the machine',
      'start-lag': 'the tests share the machine',
    },
  });
  expect(invalidFlags(record)).toEqual([]);
  const { findings, server } = measurementOf(record);
  const totals = findings!.totals;
  const requests = strataOf(ALL).reduce(
    (sum, stratum) => sum + (totals[`${stratum}/requests`] ?? 0),
    0,
  );
  expect(Math.abs(requests - 240)).toBeLessThan(5 * Math.sqrt(240));
  // k6 makes one more at the end of its schedule, or leaves out two; a valid trial lacks no third.
  expect(Math.abs(server.requests - 240)).toBeLessThan(3);
  // In the 6 s of warm-up and window.
  expect(Math.abs(totals['updates']! - 120)).toBeLessThan(5 * Math.sqrt(120));
  const measured = shareOf(totals, strataOf(ALL), 'hits')!;
  const { low, high } = measured.interval!;
  const theory = zipfShares(1000, 1).reduce(
    (sum, share) => sum + share * renewalHitRatio(60 * share, 1),
    0,
  );
  // Three times the interval: loads on a busy machine take their share of the TTL.
  expect(Math.abs(measured.value - theory)).toBeLessThan(1.5 * (high - low));
  const stale = shareOf(totals, strataOf(ALL), 'stale')!;
  expect(stale.value).toBeGreaterThan(0);
  expect(stale.value).toBeLessThan(0.15);
  expect(findings!.samples['longestStaleSeconds']![0]).toBeLessThan(1.5);
});
