import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Reference } from '../fixtures/reference.ts';
import { expectAgreement } from '../fixtures/reference.ts';
import { smallTraces } from '../fixtures/traces.ts';
import { s3Fifo } from './s3-fifo.ts';

const plain: Reference = (capacity, roomOf) => {
  const smallRoom = Math.max(1, Math.floor(0.1 * capacity));
  const ghostRoom = Math.floor(0.9 * capacity);
  let small: number[] = [];
  let main: number[] = [];
  let ghosts: number[] = [];
  const uses = new Map<number, number>();
  let full = false;
  const used = (queue: number[]): number => queue.reduce((sum, id) => sum + roomOf(id), 0);

  const evictFromSmall = (): void => {
    while (small.length > 0) {
      const id = small.shift()!;
      const promoted = uses.get(id)! >= 2;
      uses.set(id, 0);
      if (promoted) main.push(id);
      else {
        ghosts.push(id);
        while (used(ghosts) > ghostRoom) ghosts.shift();
        return;
      }
    }
  };
  const evictFromMain = (): void => {
    for (;;) {
      const id = main.shift()!;
      const count = uses.get(id)!;
      if (count === 0) return;
      uses.set(id, Math.min(count, 3) - 1);
      main.push(id);
    }
  };

  return (id) => {
    if (small.includes(id) || main.includes(id)) {
      uses.set(id, uses.get(id)! + 1);
      return true;
    }
    if (roomOf(id) > capacity || (roomOf(id) > 1 && roomOf(id) >= smallRoom)) return false;
    const wasGhost = ghosts.includes(id);
    ghosts = ghosts.filter((other) => other !== id);
    while (used(small) + used(main) + roomOf(id) > capacity) {
      full = true;
      if (used(main) > capacity - smallRoom || small.length === 0) evictFromMain();
      else evictFromSmall();
    }
    uses.set(id, 0);
    if (wasGhost || (!full && used(small) >= smallRoom)) main = [...main, id];
    else small = [...small, id];
    return false;
  };
};

test('S3-FIFO hits where three lists hit', () => {
  expectAgreement(s3Fifo, plain);
});

// Above, few sizes fit into the small queue.
test('S3-FIFO in bytes hits where three lists hit, in caches of 60 to 180 bytes', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 18 }), { minLength: 24, maxLength: 24 });
  const capacities = fc.integer({ min: 60, max: 180 });
  fc.assert(
    fc.property(smallTraces, sizes, capacities, ({ ids, objects }, drawn, capacity) => {
      const bytes = Uint32Array.from(drawn.slice(0, objects));
      const cache = s3Fifo.create({ capacity, objects, bytes, seed: 1, tickMs: 1000 });
      const reference = plain(capacity, (id) => bytes[id]!);
      expect(Array.from(ids, (_, at) => cache.run(ids, at, at + 1, null) === 1)).toEqual(
        Array.from(ids, reference),
      );
    }),
    { numRuns: 1000 },
  );
});
