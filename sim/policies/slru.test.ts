import { test } from 'vitest';
import { expectAgreement } from '../fixtures/reference.ts';
import { slru } from './slru.ts';

test('SLRU hits where two lists hit, 80 % of the room protected for what was requested again', () => {
  expectAgreement(slru, (capacity, roomOf) => {
    const most = Math.floor(0.8 * capacity);
    // Newest first.
    let onProbation: number[] = [];
    let isProtected: number[] = [];
    const total = (list: number[]): number => list.reduce((sum, id) => sum + roomOf(id), 0);
    return (id) => {
      const hit = onProbation.includes(id) || isProtected.includes(id);
      if (!hit) {
        if (roomOf(id) > capacity) return false;
        while (total([...onProbation, ...isProtected]) + roomOf(id) > capacity)
          (onProbation.length > 0 ? onProbation : isProtected).pop();
        onProbation.unshift(id);
        return false;
      }
      onProbation = onProbation.filter((other) => other !== id);
      isProtected = isProtected.filter((other) => other !== id);
      if (roomOf(id) > most) {
        onProbation.unshift(id);
        return true;
      }
      isProtected.unshift(id);
      while (total(isProtected) > most) onProbation.unshift(isProtected.pop()!);
      return true;
    };
  });
});
