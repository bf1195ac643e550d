import { criterion as aa } from './aa.ts';
import { criterion as avalanche } from './avalanche.ts';
import type { Criterion } from './criterion.ts';
import { criterion as degradation } from './degradation.ts';
import { criterion as hardened } from './hardened.ts';
import { criterion as failover } from './failover.ts';
import { criterion as failureMatrix } from './failure-matrix.ts';
import { criterion as hitRatio } from './hit-ratio.ts';
import { criterion as listenerKills } from './listener-kills.ts';
import { criterion as loads } from './loads.ts';
import { criterion as penetration } from './penetration.ts';
import { criterion as sim1g } from './sim-1g.ts';
import { criterion as simCurves } from './sim-curves.ts';
import { criterion as simulator } from './simulator.ts';
import { criterion as staleSet } from './stale-set.ts';
import { criterion as workshop } from './workshop.ts';

/** Every criterion of `npm run verify`, by name. */
export const CRITERIA: Readonly<Record<string, Criterion>> = {
  aa,
  avalanche,
  degradation,
  failover,
  'failure-matrix': failureMatrix,
  hardened,
  'hit-ratio': hitRatio,
  'listener-kills': listenerKills,
  loads,
  penetration,
  'sim-1g': sim1g,
  'sim-curves': simCurves,
  simulator,
  'stale-set': staleSet,
  workshop,
};
