import { expect, test } from 'vitest';
import { expectAgreement } from '../fixtures/reference.ts';
import type { Cache } from './policy.ts';
import { sieve } from './sieve.ts';

test('SIEVE hits where a list with a hand and visited bits hits', () => {
  expectAgreement(sieve, (capacity, roomOf) => {
    const oldestFirst: number[] = [];
    const visited = new Set<number>();
    // The object where the next eviction begins; none: at the oldest.
    let hand: number | undefined;
    const used = (): number => oldestFirst.reduce((sum, id) => sum + roomOf(id), 0);
    return (id) => {
      if (oldestFirst.includes(id)) {
        visited.add(id);
        return true;
      }
      if (roomOf(id) > capacity) return false;
      while (used() + roomOf(id) > capacity) {
        let place = hand === undefined ? 0 : oldestFirst.indexOf(hand);
        while (visited.delete(oldestFirst[place]!)) place = (place + 1) % oldestFirst.length;
        hand = oldestFirst[place + 1];
        oldestFirst.splice(place, 1);
      }
      oldestFirst.push(id);
      return false;
    };
  });
});

test('the hand goes on to the next newer object when the one under it is removed', () => {
  const requests = Int32Array.of(0, 1, 2, 3, 0, 4);
  const cache: Cache = sieve.create({
    capacity: 4,
    objects: 7,
    bytes: null,
    seed: 1,
    tickMs: 1000,
  });
  // Object 0 is used, so that 1 makes room for 4 and the hand stands at 2.
  cache.run(requests, 0, requests.length, null);
  cache.remove(2);
  cache.run(Int32Array.of(5, 6), 0, 2, null);
  expect([0, 1, 2, 3, 4, 5, 6].filter((id) => cache.has(id))).toEqual([0, 4, 5, 6]);
});
