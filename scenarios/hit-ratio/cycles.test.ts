import { describe, expect, test } from 'vitest';
import {
  addCycles,
  type Cycle,
  cyclesOf,
  type CycleSums,
  type KeyRead,
  meanUntilCopy,
  shareOf,
} from './cycles.ts';

/** `m3-5`: a miss from 3 to 5; `h6`: a hit; `s7`: a stale hit; `c4-5`: shares a load. */
function reads(text: string): KeyRead[] {
  return text.split(' ').map((word) => {
    const [start = 0, end = start] = word.slice(1).split('-').map(Number);
    const outcome = word.startsWith('m') ? 'miss' : word.startsWith('c') ? 'coalesced' : 'hit';
    return { start, end, outcome, stale: word.startsWith('s') };
  });
}

const cycle = (
  requests: number,
  hits: number,
  misses: number,
  { stale = 0, untilCopy = misses === 0 ? null : 1 }: Partial<Cycle> = {},
): Cycle => ({ requests, hits, misses, stale, untilCopy });

describe('cycles of one key', () => {
  test.each<[string, string, Cycle[]]>([
    ['a miss, then hits', 'm0-1 h2 h3', [cycle(3, 2, 1)]],
    ['each miss after a hit begins one', 'm0-1 h2 m9-10 h11', [cycle(2, 1, 1), cycle(2, 1, 1)]],
    ['misses without hits are one each', 'm0-1 m5-6', [cycle(1, 0, 1), cycle(1, 0, 1)]],
    [
      'misses during a load belong to it, and the first copy counts',
      'm0-3 m1-2 m2-5 h6',
      [cycle(4, 1, 3, { untilCopy: 2 })],
    ],
    [
      'waiting requests belong to the load',
      'm0-3 c1-3 c2-3 h4',
      [cycle(4, 1, 1, { untilCopy: 3 })],
    ],
    ['the first lacks its beginning', 'h0 h1 m5-6', [cycle(2, 2, 0), cycle(1, 0, 1)]],
    ['stale hits are hits', 'm0-1 s2 h3', [cycle(3, 2, 1, { stale: 1 })]],
  ])('%s', (_, text, expected) => expect(cyclesOf(reads(text))).toEqual(expected));

  test('no request is lost', () => {
    const all = reads('h0 m2-4 c3-4 h5 m8-12 m9-13 h20 m30-31');
    expect(cyclesOf(all).reduce((sum, { requests }) => sum + requests, 0)).toBe(all.length);
  });
});

describe('shares over cycles', () => {
  const sumsOf = (strata: Record<string, Cycle[]>): CycleSums => {
    const sums: CycleSums = {};
    for (const [name, cycles] of Object.entries(strata)) addCycles(sums, name, cycles);
    return sums;
  };
  const many = (count: number, one: Cycle): Cycle[] => Array.from({ length: count }, () => one);

  test('100 cycles of 9 hits in 10 requests give 90 %', () => {
    const share = shareOf(sumsOf({ a: many(100, cycle(10, 9, 1)) }), ['a'], 'hits');
    expect(share).toMatchObject({ value: 0.9, n: 100 });
  });

  test('regular cycles know the ratio better than as many independent requests, ragged ones worse', () => {
    const width = (cycles: Cycle[]): number => {
      const { interval } = shareOf(sumsOf({ a: cycles }), ['a'], 'hits')!;
      return interval!.high - interval!.low;
    };
    const regular = [...many(50, cycle(10, 9, 1)), ...many(50, cycle(12, 11, 1))];
    const ragged = [...many(90, cycle(1, 0, 1)), ...many(10, cycle(101, 100, 1))];
    const independent = 2 * 1.96 * Math.sqrt((0.91 * 0.09) / 1100);
    expect(width(regular)).toBeLessThan(independent / 2);
    expect(width(ragged)).toBeGreaterThan(independent * 2);
  });

  test('strata with different shares make no wider interval than the mix of requests asks for', () => {
    const strata = { hot: many(20, cycle(100, 99, 1)), cold: many(2000, cycle(1, 0, 1)) };
    const { value, interval } = shareOf(sumsOf(strata), ['hot', 'cold'], 'hits')!;
    expect(value).toBeCloseTo(0.495, 3);
    // Poisson counts of 2,000 requests each: about 1.96 * 0.495 / sqrt(4000).
    expect(interval!.high - interval!.low).toBeLessThan(2 * 1.2 * 0.0153);
    expect(interval!.high - interval!.low).toBeGreaterThan(2 * 0.8 * 0.0153);
  });

  test('one cycle gives a share without an interval, no request gives nothing, no event a bound above 0', () => {
    const sums = sumsOf({ a: [cycle(5, 4, 1)], b: many(30, cycle(10, 9, 1)) });
    expect(shareOf(sums, ['a'], 'hits')).toEqual({ value: 0.8, interval: null, n: 1 });
    expect(shareOf(sums, ['nothing'], 'hits')).toBeNull();
    const none = shareOf(sums, ['b'], 'stale')!;
    expect(none.value).toBe(0);
    expect(none.interval!.high).toBeGreaterThan(0.009);
  });

  test('the mean time until a copy counts each cycle with a miss once', () => {
    const sums = sumsOf({ a: cyclesOf(reads('h0 m1-3 m2-9 h20 m30-34')), b: [cycle(2, 2, 0)] });
    expect(meanUntilCopy(sums, ['a', 'b'])).toBe(3);
    expect(meanUntilCopy(sums, ['b'])).toBeNull();
  });

  test('sums of two trials are the sums of all their cycles', () => {
    const first = sumsOf({ a: many(3, cycle(4, 3, 1)) });
    const second = sumsOf({ a: many(5, cycle(2, 1, 1)) });
    const added = Object.fromEntries(
      Object.keys(first).map((name) => [name, first[name]! + second[name]!]),
    );
    const whole = sumsOf({ a: [...many(3, cycle(4, 3, 1)), ...many(5, cycle(2, 1, 1))] });
    expect(shareOf(added, ['a'], 'hits')).toEqual(shareOf(whole, ['a'], 'hits'));
  });
});
