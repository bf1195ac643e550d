import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NEVER, nextUses, onlyReads, OP, readsOf } from './trace.ts';

test('the next use of each request is where its object comes again, or never', () => {
  const next = nextUses({ ids: Int32Array.of(0, 1, 0, 2, 1), objects: 3 });
  expect([...next]).toEqual([2, 4, NEVER, NEVER, NEVER]);
});

test('of 1,000 random traces the next uses are those that a search finds, in whatever order objects are numbered', () => {
  const ids = fc.array(fc.nat(20), { maxLength: 60 });
  fc.assert(
    fc.property(ids, fc.boolean(), fc.nat(5), (any, inOrder, spare) => {
      const order = [...new Set(any)];
      const trace = inOrder ? any.map((id) => order.indexOf(id)) : any;
      const found = trace.map((id, at) => trace.indexOf(id, at + 1));
      const next = nextUses({ ids: Int32Array.from(trace), objects: 21 + spare });
      expect([...next]).toEqual(found.map((at) => (at === -1 ? NEVER : at)));
      const few = nextUses({ ids: Int32Array.from(trace), objects: Math.max(0, ...trace) + 1 });
      expect([...few]).toEqual([...next]);
    }),
    { numRuns: 1000 },
  );
});

test('writes are left out with their times, and objects keep their numbers', () => {
  const trace = {
    ids: Int32Array.of(0, 1, 2, 1),
    objects: 3,
    ticks: Uint32Array.of(0, 5, 6, 9),
    tickMs: 1,
    bytes: Uint32Array.of(10, 20, 30),
    ops: Uint8Array.of(OP.read, OP.write, OP.read, OP.read),
  };
  expect(onlyReads(trace)).toEqual({
    ...trace,
    ids: Int32Array.of(0, 2, 1),
    ticks: Uint32Array.of(0, 6, 9),
    ops: null,
  });
  const reads = readsOf(Int32Array.of(0, 1), 2);
  expect(onlyReads(reads)).toBe(reads);
});
