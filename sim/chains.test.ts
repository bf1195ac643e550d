import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Chains } from './chains.ts';
import { NEVER, nextUses } from './trace.ts';

const LAYOUT = { first: 0, stride: 4, next: 2 } as const;

/** Keys of every object are checked or not, as their hash has it: 64 objects a checked one. */
function records(ids: readonly number[], nexts: readonly number[] | Int32Array): Int32Array {
  return Int32Array.from(
    ids.flatMap((id, at) => [
      Math.imul(id + 1, 0x7feb_352d),
      id,
      nexts[at] === NEVER ? -1 : nexts[at]!,
      nexts[at] === NEVER ? -1 : 0,
    ]),
  );
}

const numbered = (ids: readonly number[]): number[] => {
  const dense = new Map<number, number>();
  return ids.map((id) => {
    dense.set(id, dense.get(id) ?? dense.size);
    return dense.get(id)!;
  });
};

const chainsOf = (ids: readonly number[]): Int32Array =>
  nextUses({ ids: Int32Array.from(ids), objects: 1 + Math.max(0, ...ids) });

test('ids by chains are those by keys on 500 random traces, in one call or in many', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(300), { minLength: 1, maxLength: 500 }),
      fc.integer({ min: 1, max: 100 }),
      (trace, each) => {
        const words = records(trace, chainsOf(trace));
        const ids = new Int32Array(trace.length);
        const chains = new Chains();
        for (let from = 0; from < trace.length; from += each) {
          const part = words.subarray(4 * from, 4 * (from + each));
          expect(chains.numberAll(part, LAYOUT, part.length / 4, ids, from)).toBe(true);
        }
        expect([...ids]).toEqual(numbered(trace));
        expect(chains.size).toBe(new Set(trace).size);
      },
    ),
    { numRuns: 500 },
  );
});

test('positions beyond the part that is read are no next request', () => {
  const trace = [5, 6, 5, 6, 7];
  const ids = new Int32Array(3);
  const words = records(trace, chainsOf(trace)).subarray(0, 12);
  expect(new Chains().numberAll(words, LAYOUT, 3, ids, 0)).toBe(true);
  expect([...ids]).toEqual([0, 1, 0]);
});

// 3,000 objects, each three times: about 47 keys are checked.
const THRICE = Array.from({ length: 9000 }, (_, at) => at % 3000);
const TRUE_CHAINS = chainsOf(THRICE);

test.each<[string, (next: number, at: number) => number]>([
  ['all end at once', () => NEVER],
  ['lead one too far', (next) => (next === NEVER ? NEVER : next + 1)],
  ['lead to the object beside', (next, at) => (next === NEVER ? NEVER : TRUE_CHAINS[at ^ 1]!)],
  ['lead backwards', (_, at) => Math.max(0, at - 1)],
  ['skip every second request', (next) => (next === NEVER ? NEVER : TRUE_CHAINS[next]!)],
])('chains that %s are found out', (_, change) => {
  const wrong = TRUE_CHAINS.map((next, at) => change(next, at));
  const ids = new Int32Array(9000);
  const right = new Int32Array(9000);
  expect(new Chains().numberAll(records(THRICE, TRUE_CHAINS), LAYOUT, 9000, right, 0)).toBe(true);
  expect(new Chains().numberAll(records(THRICE, wrong), LAYOUT, 9000, ids, 0)).toBe(false);
});
