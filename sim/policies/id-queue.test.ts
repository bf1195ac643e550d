import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IdQueue } from './id-queue.ts';

test('ids leave in the order in which they came, whatever leaves from the middle, through doublings and closed holes', () => {
  const steps = fc.array(fc.tuple(fc.constantFrom('push', 'push', 'shift', 'remove'), fc.nat()), {
    minLength: 200,
    maxLength: 900,
    size: 'max',
  });
  fc.assert(
    fc.property(steps, (drawn) => {
      const queue = new IdQueue(new Int32Array(1000));
      const plain: number[] = [];
      for (const [step, number] of drawn) {
        const id = number % 1000;
        if (step === 'push' && !plain.includes(id)) {
          queue.push(id);
          plain.push(id);
        } else if (step === 'shift' && plain.length > 0) {
          expect(queue.shift()).toBe(plain.shift());
        } else if (step === 'remove' && plain.length > 0) {
          const [gone] = plain.splice(number % plain.length, 1);
          queue.remove(gone!);
        }
      }
      while (plain.length > 0) expect(queue.shift()).toBe(plain.shift());
    }),
    { numRuns: 100 },
  );
});
