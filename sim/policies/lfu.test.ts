import { expect, test } from 'vitest';
import { expectAgreement } from '../fixtures/reference.ts';
import { lfu } from './lfu.ts';

test('LFU hits where a table of uses hits, of equal uses the first to reach them leaving first', () => {
  expectAgreement(lfu, (capacity, roomOf) => {
    const resident = new Map<number, { uses: number; since: number }>();
    let now = 0;
    const used = (): number => [...resident.keys()].reduce((sum, id) => sum + roomOf(id), 0);
    const victim = (): number =>
      [...resident].sort(
        ([, one], [, other]) => one.uses - other.uses || one.since - other.since,
      )[0]![0];
    return (id) => {
      now += 1;
      const uses = resident.get(id)?.uses;
      if (uses === undefined) {
        if (roomOf(id) > capacity) return false;
        while (used() + roomOf(id) > capacity) resident.delete(victim());
      }
      resident.set(id, { uses: (uses ?? 0) + 1, since: now });
      return uses !== undefined;
    };
  });
});

test('a removed object starts again with one use: of three, it is the next to leave', () => {
  const cache = lfu.create({ capacity: 3, objects: 4, bytes: null, seed: 1, tickMs: 1000 });
  const requests = Int32Array.of(0, 0, 0, 0, 1, 1, 1, 2, 2);
  cache.run(requests, 0, requests.length, null);
  cache.remove(1);
  cache.remove(0);
  cache.run(Int32Array.of(0, 1, 1), 0, 3, null);
  cache.run(Int32Array.of(3), 0, 1, null);
  expect([0, 1, 2, 3].filter((id) => cache.has(id))).toEqual([1, 2, 3]);
});
