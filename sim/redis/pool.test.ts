import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NO_KEY } from './dict.ts';
import { EvictionPool } from './pool.ts';

interface Candidate {
  id: number;
  score: number;
}

test('the pool evicts what a sorted list of the 16 best evicts, whatever is sampled, evicted and deleted in between', () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ id: fc.nat({ max: 30 }), score: fc.nat({ max: 12 }) }) },
    { weight: 2, arbitrary: fc.constant('evict' as const) },
    { weight: 1, arbitrary: fc.nat({ max: 30 }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const pool = new EvictionPool();
      const stamps = new Int32Array(31);
      let best: Candidate[] = [];
      for (const next of steps) {
        if (next === 'evict') {
          let expected = NO_KEY;
          while (expected === NO_KEY && best.length > 0) {
            const { id } = best.pop()!;
            if (stamps[id]! >= 0) expected = id;
          }
          expect(pool.take(stamps)).toBe(expected);
          if (expected !== NO_KEY) stamps[expected] = -1;
        } else if (typeof next === 'number') stamps[next] = stamps[next] === 0 ? -1 : 0;
        else {
          pool.insert(next.id, next.score);
          const worse = best.filter(({ score }) => score < next.score);
          best = [...worse, next, ...best.slice(worse.length)].slice(-16);
        }
      }
    }),
    { numRuns: 500 },
  );
});

test('of equal scores the key that was sampled first leaves first', () => {
  const pool = new EvictionPool();
  for (const id of [4, 2, 9]) pool.insert(id, 7);
  const stamps = new Int32Array(10);
  expect([pool.take(stamps), pool.take(stamps), pool.take(stamps)]).toEqual([4, 2, 9]);
});

test('a full pool turns away a score equal to its lowest', () => {
  const pool = new EvictionPool();
  for (let id = 0; id < 16; id += 1) pool.insert(id, 3);
  pool.insert(16, 3);
  const stamps = new Int32Array(17);
  const left = Array.from({ length: 17 }, () => pool.take(stamps));
  expect(left).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, NO_KEY]);
});
