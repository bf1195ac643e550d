import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Interner, sampleHash } from './intern.ts';

const half = fc.oneof(fc.constantFrom(0, -1, 1, -(2 ** 31)), fc.integer({ min: -8, max: 8 }));
const keys = fc.array(fc.tuple(half, fc.oneof(half, fc.integer())), { maxLength: 300 });

test('ids are those of a Map over the whole 64 bits, in the order of first requests, whatever the calls', () => {
  fc.assert(
    fc.property(keys, fc.integer({ min: 1, max: 50 }), (pairs, each) => {
      const interner = new Interner(1);
      const words = Int32Array.from(pairs.flat());
      const ids = new Int32Array(pairs.length);
      for (let from = 0; from < pairs.length; from += each) {
        const count = Math.min(each, pairs.length - from);
        interner.internAll(words, 2 * from, 2, count, ids, from);
      }
      const dense = new Map<string, number>();
      const expected = pairs.map((pair) => {
        const id = dense.get(pair.join()) ?? dense.size;
        dense.set(pair.join(), id);
        return id;
      });
      expect([...ids]).toEqual(expected);
      expect(interner.size).toBe(dense.size);
      expect(pairs.map(([low, high]) => interner.find(low, high))).toEqual(expected);
      expect(interner.find(77, 77)).toBe(-1);
    }),
  );
});

test.each([
  ['count up', (i: number): [number, number] => [i, 0]],
  ['count up in the high half', (i: number): [number, number] => [0, i]],
  ['are multiples of 2²⁰', (i: number): [number, number] => [i << 20, i >> 12]],
  ['differ in both halves', (i: number): [number, number] => [i & 255, i >> 8]],
])(
  '20,000 keys that %s survive the table’s growing, and a sample of 1 in 10 holds 1,800 to 2,200',
  (_, key) => {
    const interner = new Interner();
    const words = Int32Array.from({ length: 40_000 }, (__, at) => key(at >> 1)[at % 2]!);
    const ids = new Int32Array(20_000);
    interner.internAll(words, 0, 2, 20_000, ids, 0);
    expect(ids.every((id, i) => id === i)).toBe(true);
    let sampled = 0;
    for (let i = 0; i < 20_000; i += 1) sampled += sampleHash(...key(i)) < 0.1 * 2 ** 32 ? 1 : 0;
    expect(sampled).toBeGreaterThan(1800);
    expect(sampled).toBeLessThan(2200);
  },
);
