/** A distribution over 0 to n − 1 from which a draw costs two numbers and one look-up, however large n is. */
export interface AliasTable {
  /** Below this a slot answers itself, else its alias. */
  readonly keep: Float64Array;
  readonly alias: Int32Array;
}

/**
 * Makes the table of a distribution.
 * @param weights - Shares in any unit, none negative. They are used up: the table is made in their place.
 * Source: Vose, A linear algorithm for generating random numbers with a given distribution, IEEE TSE 1991.
 * @see https://doi.org/10.1109/32.92917
 */
function aliasTable(weights: Float64Array): AliasTable {
  const n = weights.length;
  let sum = 0;
  for (let at = 0; at < n; at += 1) sum += weights[at]!;
  const alias = new Int32Array(n);
  // Slots below the mean from the left end of one array, the others from its right end: together they are n.
  const waiting = new Int32Array(n);
  let small = 0;
  let large = n;
  for (let at = 0; at < n; at += 1) {
    weights[at] = (weights[at]! * n) / sum;
    alias[at] = at;
    if (weights[at]! < 1) waiting[small++] = at;
    else waiting[--large] = at;
  }
  while (small > 0 && large < n) {
    const poor = waiting[--small]!;
    const rich = waiting[large]!;
    alias[poor] = rich;
    const left = weights[rich]! - (1 - weights[poor]!);
    weights[rich] = left;
    if (left >= 1) continue;
    large += 1;
    waiting[small++] = rich;
  }
  // What is left is 1 but for rounding.
  while (small > 0) weights[waiting[--small]!] = 1;
  while (large < n) weights[waiting[large++]!] = 1;
  return { keep: weights, alias };
}

/** Zipf's law over `objects` ranks, from 0: rank r has a share in proportion to (r + 1)^−exponent. */
export function zipfTable(objects: number, exponent: number): AliasTable {
  const weights = new Float64Array(objects);
  for (let rank = 0; rank < objects; rank += 1) weights[rank] = (rank + 1) ** -exponent;
  return aliasTable(weights);
}

/** Draws for `ids[from]` to `ids[to − 1]`. */
export function fillByAlias(
  { keep, alias }: AliasTable,
  random: () => number,
  ids: Int32Array,
  from: number,
  to: number,
): void {
  const n = alias.length;
  for (let at = from; at < to; at += 1) {
    // Two draws: one of 32 bits would leave 11 for the second choice among 2 million objects.
    const slot = Math.floor(random() * n);
    ids[at] = random() < keep[slot]! ? slot : alias[slot]!;
  }
}
