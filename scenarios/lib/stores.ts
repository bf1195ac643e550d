// Runs inside k6, not Node: no imports at all, so that Node can test it too.

/** Which of the platform's stores a request asks for; handed to a load script as `settings.extra`. */
export interface StoreChoice {
  /** Generated stores in use: `store-00001` to this number. At most as many as the database has. */
  stores: number;
  popularity: 'uniform' | 'zipf';
  /** Of the Zipf law: store n is asked for in proportion to 1 / n^exponent. Default 1. */
  exponent?: number;
}

/** Slug of the generated store with this number, from 1. A store's size does not follow from its number. */
export function storeSlug(number: number): string {
  return `store-${String(number).padStart(5, '0')}`;
}

/**
 * Uniform draws in [0, 1) that belong to one iteration. From the seed and the iteration's place in the schedule, not from
 * k6's own generator, whose draws follow the virtual user: so all arms of a round meet the same requests at the same moments.
 * Mulberry32, started at a mix of both numbers.
 */
export function drawsOf(seed: number, iteration: number): () => number {
  let state = mixed((seed ^ Math.imul(iteration + 1, 0x9e3779b1)) | 0);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    return mixed(state) / 2 ** 32;
  };
}

function mixed(state: number): number {
  let value = Math.imul(state ^ (state >>> 15), 1 | state);
  value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
  return (value ^ (value >>> 14)) >>> 0;
}

/** Cumulated shares of the ranks, by exponent and number of stores: computed once a virtual user. */
const cumulated = new Map<string, readonly number[]>();

/** Shares of the stores 1 to n under a Zipf law; they add up to 1. */
export function zipfShares(stores: number, exponent: number): number[] {
  const weights = Array.from({ length: stores }, (_, index) => (index + 1) ** -exponent);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

function zipfCumulated(stores: number, exponent: number): readonly number[] {
  const key = `${stores}/${exponent}`;
  const known = cumulated.get(key);
  if (known !== undefined) return known;
  let sum = 0;
  const sums = zipfShares(stores, exponent).map((share) => (sum += share));
  cumulated.set(key, sums);
  return sums;
}

/** The first rank, from 0, whose cumulated share lies above the draw. */
function rankOf(sums: readonly number[], draw: number): number {
  let [low, high] = [0, sums.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sums[middle]! > draw) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Slug of the store that one request asks for. */
export function pickStore(choice: StoreChoice, random: () => number): string {
  const { stores, popularity, exponent = 1 } = choice;
  const rank =
    popularity === 'uniform'
      ? Math.floor(random() * stores)
      : rankOf(zipfCumulated(stores, exponent), random());
  return storeSlug(rank + 1);
}

/**
 * Slug of a store that does not exist.
 * @param distinct - The same few again and again; null: practically never one twice (52 bits).
 */
export function pickAbsent(distinct: number | null, random: () => number): string {
  if (distinct !== null) return `absent-${Math.floor(random() * distinct) + 1}`;
  const half = (): string =>
    Math.floor(random() * 2 ** 26)
      .toString(36)
      .padStart(6, '0');
  return `absent-${half()}${half()}`;
}
