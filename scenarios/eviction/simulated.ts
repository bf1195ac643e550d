import type { Findings } from '../../lab/result.ts';
import { modelHits, PIPELINE } from '../../lab/sim/redis-replay.ts';
import { lfu } from '../../sim/policies/lfu.ts';
import { lru } from '../../sim/policies/lru.ts';
import type { Policy } from '../../sim/policies/policy.ts';
import { BELADY } from '../../sim/policies/registry.ts';
import type { ExpirySetting } from '../../sim/redis/expiry.ts';
import type { MaxmemoryPolicy } from '../../sim/redis/redis.ts';
import { hitRatioOf, type Workload } from './workloads.ts';

/** Policies whose curves are drawn through the measured points. */
export const CURVE_POLICIES: readonly MaxmemoryPolicy[] = [
  'allkeys-lru',
  'allkeys-lfu',
  'allkeys-random',
];

const EXACT = { lru, lfu };
/** Memory as shares of the working set. */
const SHARES = [0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8];

/** Hit ratios of textbook caches with as much room: LRU and LFU to the letter, and the best that knows the future. */
export function exactHitRatios(
  workload: Workload,
  capacity: number,
  seed: number,
): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [name, policy] of Object.entries(EXACT))
    found[`exact-${name}`] = ratioUnder(policy, workload, capacity, seed);
  if (countsAllAfterWarmUp(workload)) found['belady'] = ratioOfBest(workload, capacity, seed);
  return found;
}

/**
 * Hit ratio against memory for Redis's policies and their bound, one line each. The model of Redis is asked as the replays ask,
 * in pipelines: to a small cache they make a difference.
 * @param setting - `requestsPerSecond`: of Redis's clock, as the replays reached it.
 */
export function curvesOf(
  workload: Workload,
  setting: { seed: number; ttl: ExpirySetting; requestsPerSecond: number },
): Findings['series'] {
  const { seed, ttl, requestsPerSecond } = setting;
  const pipelineMs = Float64Array.from(
    { length: Math.ceil(workload.ids.length / PIPELINE) },
    (_, at) => (at * PIPELINE * 1000) / requestsPerSecond,
  );
  const line = (name: string, ratio: (keys: number) => number): Findings['series'][number] => ({
    name,
    points: SHARES.map((share) => [share, ratio(Math.round(share * workload.objects))]),
  });
  return [
    ...CURVE_POLICIES.map((policy) =>
      line(policy, (residentKeys) => {
        const real = { pipelineMs, startMs: 0, residentKeys };
        return hitRatioOf(workload, modelHits(workload, { policy, samples: 5, seed, ttl }, real));
      }),
    ),
    line('belady', (capacity) => ratioOfBest(workload, capacity, seed)),
  ];
}

function ratioUnder(policy: Policy, workload: Workload, capacity: number, seed: number): number {
  const { ids, objects } = workload;
  const cache = policy.create({ capacity, objects, bytes: null, seed, tickMs: 1 });
  const hits = new Uint8Array(ids.length);
  for (let at = 0; at < ids.length; at += 1) hits[at] = cache.run(ids, at, at + 1, null);
  return hitRatioOf(workload, hits);
}

function ratioOfBest(workload: Workload, capacity: number, seed: number): number {
  const { ids, objects, counted } = workload;
  const from = counted.indexOf(1);
  const setting = { capacity, objects, bytes: null, seed, tickMs: 1 };
  return BELADY.hits(ids, setting, from) / (ids.length - from);
}

/** Belady's bound counts a stretch, not single requests. */
function countsAllAfterWarmUp({ counted }: Workload): boolean {
  return !counted.subarray(counted.indexOf(1)).includes(0);
}
