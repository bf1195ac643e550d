import fc from 'fast-check';
import { expect, test } from 'vitest';
import { expectAgreement } from '../fixtures/reference.ts';
import { smallTraces } from '../fixtures/traces.ts';
import { arc } from './arc.ts';

const without = (list: number[], id: number): number[] => list.filter((other) => other !== id);

/** Figure 4 of the paper, line by line; lists have their most recent first. */
function pseudoCode(c: number): (x: number) => boolean {
  let p = 0;
  let t1: number[] = [];
  let t2: number[] = [];
  let b1: number[] = [];
  let b2: number[] = [];
  const replace = (x: number): void => {
    if (t1.length > 0 && (t1.length > p || (b2.includes(x) && t1.length === p)))
      b1.unshift(t1.pop()!);
    else b2.unshift(t2.pop()!);
  };
  return (x) => {
    // Case I
    if (t1.includes(x) || t2.includes(x)) {
      t1 = without(t1, x);
      t2 = [x, ...without(t2, x)];
      return true;
    }
    if (b1.includes(x)) {
      // Case II
      p = Math.min(p + (b1.length >= b2.length ? 1 : b2.length / b1.length), c);
      replace(x);
      b1 = without(b1, x);
      t2.unshift(x);
    } else if (b2.includes(x)) {
      // Case III
      p = Math.max(p - (b2.length >= b1.length ? 1 : b1.length / b2.length), 0);
      replace(x);
      b2 = without(b2, x);
      t2.unshift(x);
    } else {
      // Case IV
      const total = t1.length + t2.length + b1.length + b2.length;
      if (t1.length + b1.length === c) {
        if (t1.length < c) {
          b1.pop();
          replace(x);
        } else {
          t1.pop();
        }
      } else if (total >= c) {
        if (total === 2 * c) b2.pop();
        replace(x);
      }
      t1.unshift(x);
    }
    return false;
  };
}

test('ARC without sizes hits where the pseudo-code of the paper hits, on 1,000 traces', () => {
  fc.assert(
    fc.property(smallTraces, ({ ids, objects, capacity }) => {
      const cache = arc.create({ capacity, objects, bytes: null, seed: 1, tickMs: 1000 });
      const hits = Array.from(ids, (_, at) => cache.run(ids, at, at + 1, null) === 1);
      expect(hits).toEqual(Array.from(ids, pseudoCode(capacity)));
    }),
    { numRuns: 1000 },
  );
});

test('ARC in bytes hits where four lists counted in bytes hit', () => {
  expectAgreement(arc, (c, roomOf) => {
    let p = 0;
    let t1: number[] = [];
    let t2: number[] = [];
    let b1: number[] = [];
    let b2: number[] = [];
    const size = (...lists: number[][]): number =>
      lists.flat().reduce((sum, id) => sum + roomOf(id), 0);
    const makeRoom = (x: number): void => {
      while (size(t1, t2) + roomOf(x) > c) {
        const oneTooMany = size(t1) > p || (size(t1) === p && b2.includes(x));
        if (t2.length === 0 || (t1.length > 0 && oneTooMany)) b1.unshift(t1.pop()!);
        else b2.unshift(t2.pop()!);
      }
    };
    return (x) => {
      if (roomOf(x) > c) return false;
      const hit = [...t1, ...t2].includes(x);
      const [was1, was2] = [b1.includes(x), b2.includes(x)];
      if (was1) p = Math.min(c, p + roomOf(x) * Math.max(1, size(b2) / size(b1)));
      if (was2) p = Math.max(0, p - roomOf(x) * Math.max(1, size(b1) / size(b2)));
      if (!hit && !was1 && !was2) {
        while (b1.length > 0 && size(t1, b1) + roomOf(x) > c) b1.pop();
        while (size(t1) + roomOf(x) > c) t1.pop();
        while (b2.length > 0 && size(t1, t2, b1, b2) + roomOf(x) > 2 * c) b2.pop();
      }
      if (!hit) makeRoom(x);
      [t1, t2, b1, b2] = [without(t1, x), without(t2, x), without(b1, x), without(b2, x)];
      if (hit || was1 || was2) t2.unshift(x);
      else t1.unshift(x);
      return hit;
    };
  });
});
