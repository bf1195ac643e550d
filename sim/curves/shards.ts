import { modelledMissRatio, type PartPopularity, spreadOf } from './difference-estimator.ts';
import { type LruCurve, lruCurve } from './mattson.ts';
import { type EstimatedPoint, requireWhole } from './points.ts';
import { type Popularity, popularityOf } from './popularity.ts';
import { type Sample, sampleObjects } from './sample.ts';

/**
 * Sampled slots below which a curve is void. Depths in the sample are binomial: a cache of s slots stands for sizes that scatter
 * by a share of 1/√s, 5 % at 400; where the miss ratio falls by 8 points per e-fold of size (Zipf 1.0, 1 to 10 % of the objects),
 * that alone is 0.4 points. At 15 slots one hot object in or out moves the curve by 2 to 9 points.
 */
export const LEAST_SLOTS = 400;

/** Disjoint groups of the sampled objects, whose curves' spread is the error. */
const GROUPS = 8;

/** One sample's curve, and its objects' popularity. */
interface SampledPart extends PartPopularity {
  readonly curve: LruCurve;
}

/** A sampled LRU curve of all sizes. */
export interface SampledLruCurve {
  readonly whole: SampledPart;
  readonly groups: readonly SampledPart[];
  /** Of the whole trace, where its counts are known. */
  readonly popularity: Popularity | null;
  /** Counted requests of the whole trace. */
  readonly requests: number;
  /** The smallest size, in objects of the whole trace, that the sample can speak of. */
  readonly voidBelow: number;
}

/**
 * The miss-ratio curve of LRU from a sample of the objects: SHARDS at a fixed rate (Waldspurger et al., FAST 2015), corrected as
 * SHARDS-adj: hot objects in or out of the sample change its requests, not its misses, so the requests that it has too few or too
 * many count as hits of every size. Misses are then divided by the requests expected, and not by those met.
 *
 * That leaves which objects of middling popularity are in the sample: 0.6 points (root mean square) at 450 slots of a Zipf(1.0)
 * trace. Where the whole trace's counts are known, they take most of it away: Che's approximation says by how much this sample's
 * popularity misses more or less than the whole's, and the curve is moved by that much (a difference estimator, Cochran, Sampling
 * Techniques, 1977, section 7) wherever it makes the groups of the sample agree better.
 * @param popularity - `popularityOf` the whole trace from the same position on; `null` where only the sample was read.
 */
export function shardsCurve(
  sample: Sample,
  popularity: Popularity | null,
  seed = 1,
): SampledLruCurve {
  const { trace, rate, from, requests } = sample;
  const part = (of: Sample, partRate: number): SampledPart => ({
    curve: lruCurve(of.trace, of.from),
    popularity: popularityOf(of.trace, of.from, requests),
    rate: partRate,
  });
  return {
    whole: part(sample, rate),
    groups: Array.from({ length: GROUPS }, (_, index) =>
      part(sampleObjects(trace, { rate: 1 / GROUPS, seed, part: index, from }), rate / GROUPS),
    ),
    popularity,
    requests,
    voidBelow: Math.ceil(LEAST_SLOTS / rate),
  };
}

/** The sampled miss ratio of an LRU cache that holds `capacity` objects of the whole trace. */
export function shardsAt(curve: SampledLruCurve, capacity: number): EstimatedPoint {
  const { whole, groups, popularity, requests, voidBelow } = curve;
  requireWhole('capacity', capacity, 1, Number.MAX_SAFE_INTEGER);
  const plain = (part: SampledPart): number => sampledMissRatio(part, capacity, requests);
  let estimate = plain(whole);
  let spread = spreadOf(groups.map(plain));
  if (popularity !== null) {
    const said = modelledMissRatio({ popularity, rate: 1 }, capacity);
    const moved = (part: SampledPart): number =>
      plain(part) + said - modelledMissRatio(part, capacity);
    const movedSpread = spreadOf(groups.map(moved));
    if (movedSpread < spread) [estimate, spread] = [moved(whole), movedSpread];
  }
  const missRatio = Math.min(1, Math.max(0, estimate));
  // A sample of all objects has no error.
  const half = spread * Math.sqrt(1 - whole.rate);
  return {
    capacity,
    missRatio,
    low: Math.max(0, missRatio - half),
    high: Math.min(1, missRatio + half),
    slots: Math.round(capacity * whole.rate),
    usable: capacity >= voidBelow,
  };
}

function sampledMissRatio(
  { curve, rate }: SampledPart,
  capacity: number,
  requests: number,
): number {
  const slots = Math.min(Math.round(capacity * rate), curve.hits.length - 1);
  return requests === 0 ? 0 : (curve.requests - curve.hits[slots]!) / (rate * requests);
}
