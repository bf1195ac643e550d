import fc from 'fast-check';
import { expect, test } from 'vitest';
import { expectAgreement } from '../fixtures/reference.ts';
import { gdsf } from './gdsf.ts';

/** The report's rule on a list that is sorted anew for each victim. */
function sortedList(
  capacity: number,
  roomOf: (id: number) => number,
): { request: (id: number) => boolean; remove: (id: number) => void } {
  let clock = 0;
  // Longest ago first, so that a stable sort leaves ties in order of age.
  let cached: { id: number; frequency: number; priority: number }[] = [];
  const used = (): number => cached.reduce((sum, entry) => sum + roomOf(entry.id), 0);
  const remove = (id: number): void => {
    cached = cached.filter((entry) => entry.id !== id);
  };
  const request = (id: number): boolean => {
    const found = cached.find((entry) => entry.id === id);
    if (found === undefined && roomOf(id) > capacity) return false;
    remove(id);
    while (used() + roomOf(id) > capacity) {
      const victim = cached.toSorted((one, other) => one.priority - other.priority)[0]!;
      clock = victim.priority;
      remove(victim.id);
    }
    const frequency = (found?.frequency ?? 0) + 1;
    cached.push({ id, frequency, priority: clock + frequency / roomOf(id) });
    return found !== undefined;
  };
  return { request, remove };
}

test('GDSF hits where a list sorted by clock + frequency / size hits', () => {
  expectAgreement(gdsf, (capacity, roomOf) => sortedList(capacity, roomOf).request);
});

test('objects taken out at any place of the heap leave the order of the others as it was', () => {
  const step = fc.record({ id: fc.nat({ max: 39 }), removed: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { minLength: 100, maxLength: 300 }), (steps) => {
      const bytes = Uint32Array.from({ length: 40 }, (_, id) => 1 + (id % 5));
      const cache = gdsf.create({ capacity: 80, objects: 40, bytes, seed: 1, tickMs: 1000 });
      const list = sortedList(80, (id) => bytes[id]!);
      for (const { id, removed } of steps) {
        expect(cache.run(Int32Array.of(id), 0, 1, null) === 1).toBe(list.request(id));
        const other = (7 * id + 3) % 40;
        if (removed) cache.remove(other);
        if (removed) list.remove(other);
      }
    }),
    { numRuns: 100 },
  );
});

test('of two objects requested once each, the one of 100 bytes goes before the one of 10', () => {
  const bytes = Uint32Array.from([10, 100, 60]);
  const cache = gdsf.create({ capacity: 120, objects: 3, bytes, seed: 1, tickMs: 1000 });
  cache.run(Int32Array.from([0, 1, 2]), 0, 3, null);
  expect([0, 1, 2].map((id) => cache.has(id))).toEqual([true, false, true]);
});
