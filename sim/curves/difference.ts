import type { Policy } from '../policies/policy.ts';
import type { Trace } from '../trace.ts';
import { type CurveOptions, requireWhole } from './points.ts';
import { groupsOf } from './sample.ts';
import { tQuantile } from '../../lab/stats/t-interval.ts';

/** How much better one policy hits than another on one trace. */
export interface PairedDifference {
  /** Hit ratio of the first policy less that of the second, over the whole trace: exact. */
  readonly difference: number;
  /** 95 % interval for other objects of the same kind. */
  readonly low: number;
  readonly high: number;
  /** Requests and hits of each group of objects. */
  readonly groups: readonly { requests: number; hitsA: number; hitsB: number }[];
}

/**
 * The difference of two policies' hit ratios, with an interval: each policy runs once over the whole trace, its hits are credited to
 * the group of their object, and the groups' paired differences scatter about the whole's (ratio estimator, Cochran, Sampling
 * Techniques, 1977, section 6.3; t with groups − 1 degrees of freedom).
 *
 * It covers which objects happened to be in the trace: whether the difference rests on many of them or on a few. It does not cover
 * another day's traffic, nor what a policy draws (other seeds), nor that objects of all groups compete for one cache. On this
 * trace itself the difference is exact.
 * @param groups - 2 to 1,000; 20 or more give a narrow t. One hot object in one of them widens the interval, rightly.
 */
export function pairedDifference(
  policyA: Policy,
  policyB: Policy,
  trace: Trace,
  capacity: number,
  groups: number,
  { from = 0, seed = 1 }: CurveOptions = {},
): PairedDifference {
  requireWhole('groups', groups, 2, 1000);
  requireWhole('capacity', capacity, 1, Number.MAX_SAFE_INTEGER);
  requireWhole('from', from, 0, trace.ids.length);
  const groupOf = groupsOf(trace.objects, groups, seed);
  const requests = new Float64Array(groups);
  for (let at = from; at < trace.ids.length; at += 1) {
    const group = groupOf[trace.ids[at]!]!;
    requests[group] = requests[group]! + 1;
  }
  const [hitsA, hitsB] = [policyA, policyB].map((policy) =>
    hitsByGroup(policy, trace, { capacity, from, seed, groups, groupOf }),
  ) as [Float64Array, Float64Array];
  const all = trace.ids.length - from;
  const gained = hitsA.map((hits, group) => hits - hitsB[group]!);
  const difference = all === 0 ? 0 : gained.reduce((sum, gain) => sum + gain, 0) / all;
  const squares = gained.reduce(
    (sum, gain, group) => sum + (gain - difference * requests[group]!) ** 2,
    0,
  );
  const error = all === 0 ? 0 : Math.sqrt((groups / (groups - 1)) * squares) / all;
  const half = tQuantile(0.975, groups - 1) * error;
  return {
    difference,
    low: difference - half,
    high: difference + half,
    groups: Array.from(requests, (count, group) => ({
      requests: count,
      hitsA: hitsA[group]!,
      hitsB: hitsB[group]!,
    })),
  };
}

function hitsByGroup(
  policy: Policy,
  { ids, objects, bytes, ticks, tickMs }: Trace,
  run: { capacity: number; from: number; seed: number; groups: number; groupOf: Uint16Array },
): Float64Array {
  const { capacity, from, seed, groups, groupOf } = run;
  const cache = policy.create({ capacity, objects, bytes, seed, tickMs });
  const hits = new Float64Array(groups);
  cache.run(ids, 0, from, ticks);
  for (let at = from; at < ids.length; at += 1) {
    const group = groupOf[ids[at]!]!;
    hits[group] = hits[group]! + cache.run(ids, at, at + 1, ticks);
  }
  return hits;
}
