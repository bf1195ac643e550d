import type { Arm } from '../../lab/experiment.ts';
import { replicate } from '../../sim/service/replicate.ts';
import type { ServiceSetting } from '../../sim/service/setting.ts';
import type { Prediction } from './predictions.ts';
import { servicePolicyOf } from './service-policy.ts';

const RUNS = 40;

export const LOADS_PER_EXPIRY = 'loads per expiry';

/** What a trial of one page under open arrivals gives to the simulation. */
interface ExpiryTrial {
  arm: Arm;
  /** As achieved. */
  ratePerSecond: number;
  /** Of every load of the page in the window. */
  loadsMs: readonly number[];
  /** From the beginning of the window to the first load of the first whole expiry. */
  firstLoadAtMs: number;
  seconds: number;
  seed: number;
}

/** Loads of one expiry: mean over those that a trial of this length has. No prediction without a load. */
export function predictExpiries(trial: ExpiryTrial): Prediction[] {
  const { arm, ratePerSecond, loadsMs, firstLoadAtMs, seconds, seed } = trial;
  if (loadsMs.length === 0 || ratePerSecond <= 0) return [];
  const policy = servicePolicyOf(arm);
  const { ttlMs = 0 } = policy.overrides;
  const setting: ServiceSetting = {
    policy,
    arrivals: { kind: 'poisson', ratePerSecond },
    processes: arm.processes ?? 1,
    load: { kind: 'whole', ms: { kind: 'measured', ms: loadsMs }, selects: 1 },
    // `pool: 'unbounded'` of the arm: who finds no connection waits for one.
    pool: { connections: 50, maxWaitMs: null, maxWaiting: 0 },
    warmed: { atMs: Math.min(0, firstLoadAtMs - ttlMs) },
    durationMs: seconds * 1000,
    seed,
  };
  return [{ quantity: LOADS_PER_EXPIRY, runs: replicate(setting, RUNS).loadsPerExpiry }];
}
