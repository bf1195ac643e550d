import { expect, test } from 'vitest';
import { NEVER, nextUses, onlyReads, OP, readsOf } from './trace.ts';

test('the next use of each request is where its object comes again, or never', () => {
  const next = nextUses({ ids: Int32Array.of(0, 1, 0, 2, 1), objects: 3 });
  expect([...next]).toEqual([2, 4, NEVER, NEVER, NEVER]);
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
