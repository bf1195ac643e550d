import { experiment as aa } from '../scenarios/aa/experiment.ts';
import { experiment as avalanche } from '../scenarios/avalanche/experiment.ts';
import { experiment as bigKey } from '../scenarios/big-key/experiment.ts';
import { experiment as batchCatalog } from '../scenarios/batch-catalog/experiment.ts';
import { experiment as capacity } from '../scenarios/capacity/experiment.ts';
import { experiment as clients } from '../scenarios/clients/experiment.ts';
import { experiment as coordinatedOmission } from '../scenarios/coordinated-omission/experiment.ts';
import { experiment as degradation } from '../scenarios/degradation/experiment.ts';
import { experiment as durability } from '../scenarios/durability/experiment.ts';
import { experiment as editTwice } from '../scenarios/edit-twice/experiment.ts';
import { experiment as eviction } from '../scenarios/eviction/experiment.ts';
import { experiment as failover } from '../scenarios/failover/experiment.ts';
import { experiment as evictionPages } from '../scenarios/eviction-pages/experiment.ts';
import { experiment as failureMatrix } from '../scenarios/failure-matrix/experiment.ts';
import { experiment as fragmentation } from '../scenarios/fragmentation/experiment.ts';
import { experiment as hardened } from '../scenarios/hardened/experiment.ts';
import { experiment as hitRatio } from '../scenarios/hit-ratio/experiment.ts';
import { experiment as hotKey } from '../scenarios/hot-key/experiment.ts';
import { experiment as latency } from '../scenarios/latency/experiment.ts';
import { experiment as memory } from '../scenarios/memory/experiment.ts';
import { experiment as penetration } from '../scenarios/penetration/experiment.ts';
import { experiment as peers } from '../scenarios/peers/experiment.ts';
import { experiment as queueing } from '../scenarios/queueing/experiment.ts';
import { experiment as simulator } from '../scenarios/simulator/experiment.ts';
import { experiment as stampede } from '../scenarios/stampede/experiment.ts';
import { experiment as staleness } from '../scenarios/staleness/experiment.ts';
import type { Experiment } from './experiment.ts';

/** Every experiment, in the order in which a run makes them and a report shows them. */
export const EXPERIMENTS: readonly Experiment[] = [
  latency,
  queueing,
  capacity,
  coordinatedOmission,
  hitRatio,
  staleness,
  failureMatrix,
  editTwice,
  stampede,
  hardened,
  avalanche,
  penetration,
  peers,
  eviction,
  evictionPages,
  fragmentation,
  memory,
  bigKey,
  hotKey,
  clients,
  batchCatalog,
  durability,
  failover,
  degradation,
  simulator,
  aa,
];
