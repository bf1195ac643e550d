import { test } from 'vitest';
import { expectAgreement } from '../fixtures/reference.ts';
import { lru } from './lru.ts';

test('LRU hits where a list in order of use hits', () => {
  expectAgreement(lru, (capacity, roomOf) => {
    let newestFirst: number[] = [];
    const used = (): number => newestFirst.reduce((sum, id) => sum + roomOf(id), 0);
    return (id) => {
      const hit = newestFirst.includes(id);
      if (!hit && roomOf(id) > capacity) return false;
      newestFirst = [id, ...newestFirst.filter((other) => other !== id)];
      while (used() > capacity) newestFirst.pop();
      return hit;
    };
  });
});
