import type { Arm } from '../../lab/experiment.ts';
import { randomStream } from '../../sim/random.ts';
import { estimateOf } from '../../sim/service/replicate.ts';
import { simulateService } from '../../sim/service/service.ts';
import { SERVER_POOL } from '../../sim/service/setting.ts';
import { designOf, MAX_WAIT_MS } from '../avalanche/plan.ts';
import type { Prediction } from './predictions.ts';
import { servicePolicyOf } from './service-policy.ts';

const RUNS = 40;

export const PEAK = 'SELECTs in the highest second';

/** What a trial of many pages that end together gives to the simulation. */
interface AvalancheTrial {
  arm: Arm;
  /** As achieved. */
  ratePerSecond: number;
  /** SELECTs of one load of each page. */
  selectsOfPage: Int32Array;
  /** Times of one round trip to the database, by second. */
  tripsBySecond: readonly (readonly number[])[];
  /** Of the measured phase; whole. */
  seconds: number;
  seed: number;
}

/** SELECTs of the highest second of the measured phase. No prediction without a load. */
export function predictPeak(trial: AvalancheTrial): Prediction[] {
  const { arm, ratePerSecond, selectsOfPage, tripsBySecond, seconds, seed } = trial;
  if (tripsBySecond.length === 0 || ratePerSecond <= 0) return [];
  const { ttlMs, jitter, cliffSecond, stores } = designOf(arm);
  // Lives that are over before the measured phase: those pages are loaded again before it, in a lead of the simulation.
  const earlySeconds = Math.max(0, jitter * (ttlMs / 1000) - cliffSecond);
  const leadSeconds = Math.ceil(earlySeconds);
  // The trial reloads such a page at its end, the simulation at its next request: its first seconds are fuller.
  const quietSeconds = earlySeconds > 0 ? Math.round(stores / ratePerSecond) : 0;
  const speeds = randomStream(seed, 'second of the trial');
  const peaks = Array.from({ length: RUNS }, (_, run) => {
    // Each run is as fast as one second of the trial: the highest second is one, not their mean.
    const ms = tripsBySecond[Math.floor(speeds() * tripsBySecond.length)]!;
    const { perSecond } = simulateService({
      policy: servicePolicyOf(arm),
      arrivals: { kind: 'constant', ratePerSecond },
      popularity: { kind: 'uniform', keys: selectsOfPage.length },
      load: {
        kind: 'statements',
        statements: selectsOfPage,
        roundTripMs: { kind: 'measured', ms },
      },
      pool: { ...SERVER_POOL, maxWaitMs: MAX_WAIT_MS },
      warmed: { atMs: (leadSeconds + cliffSecond) * 1000 - ttlMs },
      durationMs: (leadSeconds + seconds) * 1000,
      seed: seed + run,
    });
    return Math.max(...perSecond.selects.subarray(leadSeconds + quietSeconds));
  });
  return [{ quantity: PEAK, runs: estimateOf(peaks) }];
}
