import { expect, test } from 'vitest';
import { expectAgreement } from '../fixtures/reference.ts';
import { fifo } from './fifo.ts';

test('FIFO hits where a list in order of admission hits', () => {
  expectAgreement(fifo, (capacity, roomOf) => {
    const oldestFirst: number[] = [];
    const used = (): number => oldestFirst.reduce((sum, id) => sum + roomOf(id), 0);
    return (id) => {
      if (oldestFirst.includes(id)) return true;
      if (roomOf(id) > capacity) return false;
      while (used() + roomOf(id) > capacity) oldestFirst.shift();
      oldestFirst.push(id);
      return false;
    };
  });
});

test('an object that comes back after its removal is the newest of three, not the oldest', () => {
  const cache = fifo.create({ capacity: 3, objects: 4, bytes: null, seed: 1, tickMs: 1000 });
  cache.run(Int32Array.of(0, 1, 2), 0, 3, null);
  cache.remove(0);
  cache.run(Int32Array.of(0, 3), 0, 2, null);
  expect([0, 1, 2, 3].filter((id) => cache.has(id))).toEqual([0, 2, 3]);
});
