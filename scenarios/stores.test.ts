import { expect, test } from 'vitest';
import { drawsOf, pickAbsent, pickStore, zipfShares } from './lib/stores.ts';

const DRAWS = 50_000;

/** How often each store is asked for by 50,000 iterations of one seed. */
function requests(popularity: 'uniform' | 'zipf', stores: number, exponent = 1): number[] {
  const counts = Array.from({ length: stores }, () => 0);
  for (let iteration = 0; iteration < DRAWS; iteration += 1) {
    const slug = pickStore({ stores, popularity, exponent }, drawsOf(7, iteration));
    const index = Number(slug.replace('store-', '')) - 1;
    counts[index] = (counts[index] ?? 0) + 1;
  }
  return counts;
}

/** Pearson's chi-squared against what the shares ask for. */
function chiSquared(counts: readonly number[], shares: readonly number[]): number {
  return counts.reduce((sum, count, index) => {
    const wanted = DRAWS * (shares[index] ?? 0);
    return sum + (count - wanted) ** 2 / wanted;
  }, 0);
}

test('50,000 uniform requests spread over 20 stores as chance allows', () => {
  const shares = Array.from({ length: 20 }, () => 1 / 20);
  // 19 degrees of freedom: 43.8 is exceeded once in 1,000 times.
  expect(chiSquared(requests('uniform', 20), shares)).toBeLessThan(43.8);
});

test('50,000 Zipf requests follow 1/rank, which gives the first of 20 stores 27.8 %', () => {
  const shares = zipfShares(20, 1);
  expect(shares[0]).toBeCloseTo(0.278, 3);
  const counts = requests('zipf', 20);
  expect(counts).toHaveLength(20);
  expect(chiSquared(counts, shares)).toBeLessThan(43.8);
});

test('a request is the same whenever its iteration runs, and another with another seed', () => {
  const choice = { stores: 1000, popularity: 'uniform' } as const;
  const slugs = (seed: number): string[] =>
    [3, 1, 2].map((iteration) => pickStore(choice, drawsOf(seed, iteration)));
  expect(slugs(7)).toEqual(slugs(7));
  expect(slugs(7)).not.toEqual(slugs(8));
  expect(new Set(slugs(7)).size).toBe(3);
  expect(slugs(7)[0]).toMatch(/^store-0\d{4}$/);
});

test('absent slugs repeat among 10, or 20,000 never do', () => {
  const distinct = (from: number | null): number =>
    new Set(Array.from({ length: 20_000 }, (_, index) => pickAbsent(from, drawsOf(1, index)))).size;
  expect(distinct(10)).toBe(10);
  expect(distinct(null)).toBe(20_000);
});
