import { test } from 'vitest';
import { expectAgreement } from '../fixtures/reference.ts';
import { twoQ } from './two-q.ts';

test('2Q hits where the queues of the paper hit, with Kin a quarter and Kout half of the room', () => {
  expectAgreement(twoQ, (capacity, roomOf) => {
    const kIn = Math.floor(0.25 * capacity);
    const kOut = Math.floor(0.5 * capacity);
    // Heads first.
    const a1in: number[] = [];
    let a1out: number[] = [];
    let am: number[] = [];
    const total = (list: number[]): number => list.reduce((sum, id) => sum + roomOf(id), 0);
    const reclaimFor = (id: number): void => {
      while (total(a1in) + total(am) + roomOf(id) > capacity) {
        if (total(a1in) > kIn || am.length === 0) {
          a1out.unshift(a1in.pop()!);
          while (total(a1out) > kOut) a1out.pop();
        } else {
          am.pop();
        }
      }
    };
    return (id) => {
      if (am.includes(id)) {
        am = [id, ...am.filter((other) => other !== id)];
        return true;
      }
      if (a1in.includes(id)) return true;
      if (a1out.includes(id)) {
        reclaimFor(id);
        a1out = a1out.filter((other) => other !== id);
        am.unshift(id);
        return false;
      }
      if (roomOf(id) > capacity) return false;
      reclaimFor(id);
      a1in.unshift(id);
      return false;
    };
  });
});
