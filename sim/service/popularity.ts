/** Which page a reader asks for. */
export type Popularity =
  | { readonly kind: 'one' }
  | { readonly kind: 'uniform'; readonly keys: number }
  /** The page of rank r is asked for in proportion to r^-exponent. */
  | { readonly kind: 'zipf'; readonly keys: number; readonly exponent: number }
  /** As a trace says, one page a reader in turn: `ids` of a `Trace`, whose times go to the arrivals. */
  | { readonly kind: 'measured'; readonly ids: Int32Array; readonly keys: number };

/** @throws RangeError when there is no page to ask for. */
export function keysOf(popularity: Popularity): number {
  const keys = popularity.kind === 'one' ? 1 : popularity.keys;
  if (Number.isInteger(keys) && keys >= 1 && keys <= 2 ** 30) return keys;
  throw new RangeError(`keys: ${keys}; allowed: a whole number from 1 to ${2 ** 30}`);
}

/** @returns The page of the next reader, call by call. */
export function keyDraws(popularity: Popularity, random: () => number): () => number {
  const keys = keysOf(popularity);
  switch (popularity.kind) {
    case 'one':
      return () => 0;
    case 'uniform':
      return () => Math.floor(random() * keys);
    case 'zipf':
      return zipf(keys, popularity.exponent, random);
    case 'measured':
    default: {
      const { ids } = popularity;
      const wrong = ids.findIndex((id) => id < 0 || id >= keys);
      if (wrong >= 0)
        throw new RangeError(`ids[${wrong}]: ${ids[wrong]}; allowed: 0 to ${keys - 1}`);
      let at = 0;
      return () => ids[at++ % ids.length]!;
    }
  }
}

/** By bisection among the cumulated weights: a draw costs log2(keys) steps, which is little beside an event. */
function zipf(keys: number, exponent: number, random: () => number): () => number {
  if (!(exponent >= 0)) throw new RangeError(`exponent: ${exponent}; allowed: 0 or more`);
  const cumulated = new Float64Array(keys);
  let sum = 0;
  for (let key = 0; key < keys; key += 1) {
    sum += (key + 1) ** -exponent;
    cumulated[key] = sum;
  }
  return () => {
    const wanted = random() * sum;
    let low = 0;
    let high = keys - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (cumulated[middle]! > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}
