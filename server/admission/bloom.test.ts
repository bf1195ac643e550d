import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createBloomFilter, theoreticalRate } from './bloom.ts';
import type { BloomFilter } from './bloom.ts';

function filled(filter: BloomFilter, entries: number): BloomFilter {
  for (let i = 0; i < entries; i += 1) filter.add(`store_catalog:store-${i}`);
  return filter;
}

/** Share of 200,000 strangers that are let through. */
function measuredRate(filter: BloomFilter): number {
  const strangers = 200_000;
  let passed = 0;
  for (let i = 0; i < strangers; i += 1)
    if (filter.mayHave(`store_catalog:nowhere-${i}`)) passed += 1;
  return passed / strangers;
}

describe('a Bloom filter', () => {
  test('for 2,000 entries at 1 % has 19,171 bits, 7 per entry', () => {
    expect(createBloomFilter(2000, 0.01)).toMatchObject({ m: 19_171, k: 7 });
  });

  test('knows all that it was given, whatever the texts', () => {
    const unit = fc.nat({ max: 0xffff }).map((code) => String.fromCharCode(code));
    const texts = fc.array(fc.string({ unit, maxLength: 9 }), { maxLength: 20 });
    fc.assert(
      fc.property(texts, (given) => {
        const filter = createBloomFilter(Math.max(1, given.length), 0.01);
        for (const text of given) filter.add(text);
        expect(given.filter((text) => !filter.mayHave(text))).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  test('knows nothing when it is empty', () => {
    expect(measuredRate(createBloomFilter(2000, 0.01))).toBe(0);
  });

  // The formula is for random bits; one filter's own bits scatter around it by a few percent.
  test.each([
    { capacity: 2000, rate: 0.01, entries: 2000 },
    { capacity: 2000, rate: 0.01, entries: 1001 },
    { capacity: 2000, rate: 0.01, entries: 4000 },
    { capacity: 2000, rate: 0.01, entries: 8000 },
    { capacity: 100_000, rate: 0.01, entries: 100_000 },
    { capacity: 20_000, rate: 0.001, entries: 20_000 },
    { capacity: 5000, rate: 0.2, entries: 5000 },
  ])(
    'with room for $capacity at $rate and $entries entries lets through what theory says',
    ({ capacity, rate, entries }) => {
      const filter = filled(createBloomFilter(capacity, rate), entries);
      const theory = theoreticalRate(filter, entries);
      const deviation = Math.sqrt((theory * (1 - theory)) / 200_000);
      const measured = measuredRate(filter);
      expect(Math.abs(measured - theory)).toBeLessThan(4 * deviation + 0.06 * theory);
      // Of this very filter its bits say more.
      const own = filter.setShare() ** filter.k;
      expect(Math.abs(measured - own)).toBeLessThan(4 * deviation + 0.01 * own);
    },
  );

  test('at its capacity theory says the rate that was asked for', () => {
    expect(theoreticalRate(createBloomFilter(2000, 0.01), 2000)).toBeCloseTo(0.01, 3);
    expect(theoreticalRate(createBloomFilter(2000, 0.01), 4000)).toBeCloseTo(0.158, 2);
  });
});
