import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IdQueue } from './id-queue.ts';

test('ids leave in the order in which they came, whatever leaves from the middle, through doublings and closed holes', () => {
  const steps = fc.array(fc.tuple(fc.nat({ max: 9 }), fc.nat()), {
    minLength: 200,
    maxLength: 900,
    size: 'max',
  });
  // With 5 of 10 steps a push the queue stays short and full of holes; with 7 it grows.
  fc.assert(
    fc.property(steps, fc.constantFrom(5, 7), (drawn, pushes) => {
      const queue = new IdQueue(new Int32Array(1000));
      const plain: number[] = [];
      for (const [step, number] of drawn) {
        const id = number % 1000;
        if (step < pushes) {
          if (plain.includes(id)) continue;
          queue.push(id);
          plain.push(id);
        } else if (plain.length > 1) {
          if (step === 9) expect(queue.shift()).toBe(plain.shift());
          else queue.remove(plain.splice(1 + (number % (plain.length - 1)), 1)[0]!);
        }
      }
      while (plain.length > 0) expect(queue.shift()).toBe(plain.shift());
    }),
    { numRuns: 100 },
  );
});
