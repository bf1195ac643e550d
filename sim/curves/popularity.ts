import type { Trace } from '../trace.ts';

/** Objects of equal popularity together: a trace of millions of objects has some thousand different counts. */
export interface Popularity {
  /** Share of all requests that one object of the class gets, above 0. */
  readonly shares: Float64Array;
  /** The share that decides whether a request of the class finds its object: the same, if it is known; else see `popularityOf`. */
  readonly others: Float64Array;
  /** Objects in each class. */
  readonly objects: Float64Array;
}

/** Counts below this are classes by themselves. */
const SMALL = 65_536;

/**
 * Popularity as a trace shows it. Each request is judged by the OTHER requests of its object, n − 1 of n: an object seen once would
 * else be credited with hits. For independent requests that makes Che's LRU unbiased, however few requests an object has: with n
 * Poisson of mean μ, E[n e^(−(n−1)t)] = μ e^(−μ(1 − e^(−t))) and E[e^(−nt)] = e^(−μ(1 − e^(−t))), one time for both.
 * @param from - Requests before this position do not count.
 * @param requests - What shares are taken of: for a sample, the requests of the whole trace.
 */
export function popularityOf(
  { ids, objects }: Pick<Trace, 'ids' | 'objects'>,
  from = 0,
  requests: number = ids.length - from,
): Popularity {
  const counts = new Uint32Array(objects);
  for (let at = from; at < ids.length; at += 1) counts[ids[at]!] = counts[ids[at]!]! + 1;
  const objectsOf = new Uint32Array(SMALL);
  const classes: [count: number, objects: number][] = [];
  for (const count of counts) {
    if (count < SMALL) objectsOf[count] = objectsOf[count]! + 1;
    else classes.push([count, 1]);
  }
  for (let count = 1; count < SMALL; count += 1)
    if (objectsOf[count]! > 0) classes.push([count, objectsOf[count]!]);
  return {
    shares: Float64Array.from(classes, ([count]) => count / requests),
    others: Float64Array.from(classes, ([count]) => (count - 1) / requests),
    objects: Float64Array.from(classes, ([, size]) => size),
  };
}

/** A popularity that is known: one weight an object, above 0, of any sum. */
export function popularityFrom(weights: Float64Array): Popularity {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const shares = weights.map((weight) => weight / sum);
  return { shares, others: shares, objects: new Float64Array(weights.length).fill(1) };
}
