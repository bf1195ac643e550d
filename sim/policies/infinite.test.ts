import { expect, test } from 'vitest';
import { expectAgreement } from '../fixtures/reference.ts';
import { infinite } from './infinite.ts';

test('the infinite cache hits where an object was requested before', () => {
  expectAgreement(infinite, () => {
    const seen = new Set<number>();
    return (id) => {
      const hit = seen.has(id);
      seen.add(id);
      return hit;
    };
  });
});

test('the infinite cache holds 12 bytes of three objects with a capacity of 1, and 5 after the removal of 7', () => {
  const cache = infinite.create({
    capacity: 1,
    objects: 3,
    bytes: Uint32Array.of(4, 7, 1),
    seed: 1,
    tickMs: 1000,
  });
  cache.run(Int32Array.of(0, 1, 2, 1), 0, 4, null);
  expect(cache.used).toBe(12);
  cache.remove(1);
  expect(cache.used).toBe(5);
  expect(cache.run(Int32Array.of(1, 1), 0, 2, null)).toBe(1);
});
