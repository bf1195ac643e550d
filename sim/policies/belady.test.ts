import fc from 'fast-check';
import { expect, test } from 'vitest';
import { smallTraces } from '../fixtures/traces.ts';
import { randomStream } from '../random.ts';
import { belady } from './belady.ts';

/** Which requests hit, by a look ahead at each eviction. */
function plain(ids: number[], capacity: number, roomOf: (id: number) => number): boolean[] {
  let resident: number[] = [];
  const used = (): number => resident.reduce((sum, id) => sum + roomOf(id), 0);
  return ids.map((id, at) => {
    if (resident.includes(id)) return true;
    if (roomOf(id) > capacity) return false;
    const wait = (other: number): number => {
      const next = ids.indexOf(other, at + 1);
      return next < 0 ? Infinity : next;
    };
    while (used() + roomOf(id) > capacity) {
      const victim = resident.reduce((one, other) => (wait(other) > wait(one) ? other : one));
      resident = resident.filter((other) => other !== victim);
    }
    resident.push(id);
    return false;
  });
}

/** The most hits that any sequence of evictions has, by trying them all. */
function best(ids: number[], capacity: number): number {
  let hitsOf = new Map<string, number>([['', 0]]);
  for (const id of ids) {
    const after = new Map<string, number>();
    const reach = (state: number[], hits: number): void => {
      const key = state.join(' ');
      after.set(key, Math.max(hits, after.get(key) ?? 0));
    };
    for (const [key, hits] of hitsOf) {
      const state = key === '' ? [] : key.split(' ').map(Number);
      if (state.includes(id)) reach(state, hits + 1);
      else if (state.length < capacity)
        reach(
          [...state, id].sort((one, other) => one - other),
          hits,
        );
      else
        for (const victim of state)
          reach(
            [...state.filter((other) => other !== victim), id].sort((one, other) => one - other),
            hits,
          );
    }
    hitsOf = after;
  }
  return Math.max(...hitsOf.values());
}

test('MIN hits as often as a look ahead at each eviction, from any position on, in objects and in bytes', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 24, maxLength: 24 });
  for (const inBytes of [false, true])
    fc.assert(
      fc.property(smallTraces, sizes, fc.nat(), ({ ids, objects, capacity }, drawn, number) => {
        const bytes = inBytes ? Uint32Array.from(drawn.slice(0, objects)) : null;
        const room = inBytes ? 2 * capacity : capacity;
        const from = number % ids.length;
        const setting = { capacity: room, objects, bytes, seed: 1, tickMs: 1000 };
        const expected = plain([...ids], room, (id) => bytes?.[id] ?? 1);
        expect(belady.hits(ids, setting, from)).toBe(expected.slice(from).filter(Boolean).length);
      }),
      { numRuns: 1000 },
    );
});

test('no sequence of evictions has more hits than MIN', () => {
  const requests = fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 16 });
  fc.assert(
    fc.property(requests, fc.integer({ min: 1, max: 4 }), (ids, capacity) => {
      const setting = { capacity, objects: 6, bytes: null, seed: 1, tickMs: 1000 };
      expect(belady.hits(Int32Array.from(ids), setting, 0)).toBe(best(ids, capacity));
    }),
    { numRuns: 200 },
  );
});

test('positions over four levels of the set keep their order: 40,000 requests hit as often as by a search of the furthest', () => {
  const random = randomStream(1, 'belady');
  const ids = Int32Array.from({ length: 40_000 }, () => Math.floor(400 * random() ** 2));
  const later = ids.map((id, at) => {
    const next = ids.indexOf(id, at + 1);
    return next < 0 ? ids.length : next;
  });
  const nextOf = new Map<number, number>();
  let hits = 0;
  ids.forEach((id, at) => {
    if (nextOf.has(id)) hits += 1;
    else if (nextOf.size === 60) {
      const furthest = Math.max(...nextOf.values());
      nextOf.delete([...nextOf].find(([, next]) => next === furthest)![0]);
    }
    nextOf.set(id, later[at]!);
  });
  const setting = { capacity: 60, objects: 400, bytes: null, seed: 1, tickMs: 1000 };
  expect(belady.hits(ids, setting, 0)).toBe(hits);
});
