import type { Policy } from '../policies/policy.ts';
import type { Trace } from '../trace.ts';
import { modelledMissRatio, spreadOf } from './difference-estimator.ts';
import { type CurveOptions, type EstimatedPoint, hitsOf, requireWhole } from './points.ts';
import { popularityOf } from './popularity.ts';
import { sampleObjects } from './sample.ts';
import { LEAST_SLOTS } from './shards.ts';
import { tInterval } from '../../lab/stats/t-interval.ts';

/** The share of the objects in one sample, and how many disjoint samples are simulated. */
export interface MiniatureOptions extends CurveOptions {
  /** Of one sample, above 0. All samples together take at most all objects. */
  readonly rate: number;
  /** 4 to 64. */
  readonly samples: number;
}

/**
 * Miss ratios of any policy from small copies of the cache: each sample of the objects meets a cache of `capacity × rate`
 * (Waldspurger et al., Cache modeling and optimization using miniature simulations, ATC 2017,
 * https://www.usenix.org/conference/atc17/technical-sessions/presentation/waldspurger). Misses are divided by the requests expected
 * in a sample, as in SHARDS-adj, and moved by what Che's approximation says of the sample's popularity where that makes the samples
 * agree better (see `shardsCurve`).
 *
 * The samples share no object, so their mean has the interval of independent values. It says how far the samples scatter, and not
 * what being small does to a policy; therefore a point needs a fixed number of slots in each sample.
 * @returns One point a capacity. Usable: at least 100 objects in each cache, so 400 in the four or more together; where capacities
 *   are bytes, room for as many objects of the mean size.
 */
export function miniature(
  policy: Policy,
  trace: Trace,
  capacities: readonly number[],
  { rate, samples, from = 0, seed = 1 }: MiniatureOptions,
): EstimatedPoint[] {
  requireWhole('samples', samples, 4, 64);
  if (!(rate > 0 && rate * samples <= 1 + 1e-9))
    throw new RangeError(`rate is ${rate}, allowed: above 0, to ${1 / samples} for each sample`);
  for (const capacity of capacities) requireWhole('capacity', capacity, 1, Number.MAX_SAFE_INTEGER);
  const slotBytes = meanBytes(trace);
  const popularity = popularityOf(trace, from);
  const parts = Array.from({ length: samples }, (_, part) => {
    const sample = sampleObjects(trace, { rate, seed, part, from });
    return { ...sample, popularity: popularityOf(sample.trace, sample.from, sample.requests) };
  });
  return capacities.map((capacity) => {
    const slots = Math.max(1, Math.round(capacity * rate));
    const ratios = parts.map(({ trace: part, from: start, requests }) => {
      const { objects, bytes, tickMs } = part;
      const setting = { capacity: slots, objects, bytes, seed, tickMs };
      const misses = part.ids.length - start - hitsOf(policy, part, setting, start);
      return requests === 0 ? 0 : misses / (rate * requests);
    });
    const inObjects = capacity / slotBytes;
    const said = modelledMissRatio({ popularity, rate: 1 }, inObjects);
    const moved = ratios.map(
      (ratio, part) => ratio + said - modelledMissRatio(parts[part]!, inObjects),
    );
    const better = spreadOf(moved) < spreadOf(ratios) ? moved : ratios;
    const { mean, low, high } = tInterval(better, 0.95)!;
    return {
      capacity,
      missRatio: Math.min(1, Math.max(0, mean)),
      low: Math.max(0, low),
      high: Math.min(1, high),
      slots,
      usable: slots / slotBytes >= LEAST_SLOTS / 4,
    };
  });
}

/** Mean size of an object; 1 without sizes. */
function meanBytes({ bytes, objects }: Trace): number {
  if (bytes === null || objects === 0) return 1;
  return Math.max(1, bytes.reduce((sum, size) => sum + size, 0) / objects);
}
