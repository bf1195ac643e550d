import { cheApproximation } from '../../sim/curves/analytic.ts';
import { lruCurve, missRatioAt } from '../../sim/curves/mattson.ts';
import { miniature } from '../../sim/curves/miniature.ts';
import { logSpaced, missRatios } from '../../sim/curves/points.ts';
import { popularityOf } from '../../sim/curves/popularity.ts';
import { sampleObjects } from '../../sim/curves/sample.ts';
import { LEAST_SLOTS, shardsAt, shardsCurve } from '../../sim/curves/shards.ts';
import type { Trace } from '../../sim/trace.ts';
import { EXIT, LabError } from '../errors.ts';
import { onlinePolicy, POLICY_NAMES } from './cells.ts';
import type { CurveOptions } from './options.ts';
import type { CurveRow } from './result.ts';

/** Miniature caches that share the sampled objects: their spread is the interval. */
const MINIATURES = 8;

/**
 * The miss ratios of one policy over all sizes. LRU is counted in one pass, others size by size; with a `rate` below 1 both are
 * estimated from a share of the objects. For LRU and FIFO Che's approximation stands beside it.
 * @throws LabError `E_UNKNOWN_POLICY`, `E_SAMPLE_TOO_SMALL`
 */
export function curveRows(trace: Trace, options: CurveOptions): CurveRow[] {
  const { policy, points, rate, seed } = options;
  if (!POLICY_NAMES.includes(policy) || policy === 'belady') {
    throw new LabError('E_UNKNOWN_POLICY', `--policy ${policy} has no curve here`, {
      hint: `known: ${POLICY_NAMES.filter((name) => name !== 'belady').join(', ')}`,
      exitCode: EXIT.badArguments,
    });
  }
  const from = Math.floor(trace.ids.length * options.warm);
  const capacities = logSpaced(1, trace.objects, Math.min(points, trace.objects));
  const counted =
    rate === 1
      ? exactRows(trace, policy, capacities, from, seed)
      : sampledRows(trace, policy, capacities, { from, seed, rate });
  return [...counted, ...modelRows(trace, policy, capacities, from)];
}

const count = (value: number): string => value.toLocaleString('en-US');

/** What a reader should know of the curve: what it rests on, and what the model beside it leaves out. */
export function curveNotes(
  { objects }: Pick<Trace, 'objects'>,
  { rate, warm, policy }: CurveOptions,
): string[] {
  return [
    ...(rate === 1
      ? []
      : [
          `Estimated from ${100 * rate} % of the objects; below ${count(Math.ceil(LEAST_SLOTS / rate))} of the ${count(objects)} objects the sample says nothing and the curve has no point.`,
        ]),
    ...(warm === 0 && hasModel(policy)
      ? ['Che’s approximation knows no first requests: compare it on a warm cache (--warm 0.5).']
      : []),
  ];
}

function exactRows(
  trace: Trace,
  policy: string,
  capacities: readonly number[],
  from: number,
  seed: number,
): CurveRow[] {
  const row = (capacity: number, missRatio: number): CurveRow => ({
    ...{ policy, method: 'exact', capacity, missRatio, low: null, high: null },
  });
  if (policy === 'lru') {
    const curve = lruCurve(trace, from);
    return capacities.map((capacity) => row(capacity, missRatioAt(curve, capacity)));
  }
  const rows = missRatios(onlinePolicy(policy), { ...trace, bytes: null }, capacities, {
    from,
    seed,
  });
  return rows.map(({ capacity, missRatio }) => row(capacity, missRatio));
}

function sampledRows(
  trace: Trace,
  policy: string,
  capacities: readonly number[],
  { from, seed, rate }: { from: number; seed: number; rate: number },
): CurveRow[] {
  const reads = { ...trace, bytes: null };
  const estimated =
    policy === 'lru'
      ? shardsPoints(reads, capacities, { from, seed, rate })
      : miniature(onlinePolicy(policy), reads, capacities, {
          ...{ rate: rate / MINIATURES, samples: MINIATURES, from, seed },
        });
  const rows = estimated.flatMap(({ capacity, missRatio, low, high, usable }): CurveRow[] =>
    usable ? [{ policy, method: 'sampled', capacity, missRatio, low, high }] : [],
  );
  if (rows.length > 0) return rows;
  throw new LabError(
    'E_SAMPLE_TOO_SMALL',
    `--rate ${rate} keeps about ${Math.round(rate * trace.objects)} of ${trace.objects} objects: too few for any size`,
    { hint: `allowed: up to 1; try --rate ${nextRate(rate)}`, exitCode: EXIT.badArguments },
  );
}

function shardsPoints(
  trace: Trace,
  capacities: readonly number[],
  { from, seed, rate }: { from: number; seed: number; rate: number },
): ReturnType<typeof shardsAt>[] {
  const sample = sampleObjects(trace, { rate, seed, from });
  const curve = shardsCurve(sample, popularityOf(trace, from), seed);
  return capacities.map((capacity) => shardsAt(curve, capacity));
}

function nextRate(rate: number): number {
  return Math.min(1, Number((10 * rate).toPrecision(2)));
}

function hasModel(policy: string): policy is 'lru' | 'fifo' {
  return policy === 'lru' || policy === 'fifo';
}

/** Che's approximation where there is one. */
function modelRows(
  trace: Trace,
  policy: string,
  capacities: readonly number[],
  from: number,
): CurveRow[] {
  if (!hasModel(policy)) return [];
  const popularity = popularityOf(trace, from);
  return capacities
    .filter((capacity) => capacity < trace.objects)
    .map((capacity) => {
      const { missRatio } = cheApproximation(policy, popularity, capacity);
      return { policy, method: 'model', capacity, missRatio, low: null, high: null };
    });
}
