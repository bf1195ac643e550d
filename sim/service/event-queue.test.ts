import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventQueue } from './event-queue.ts';

test('events come out by time, those of one time in the order in which they were put in', () => {
  // A number is an event at that time, null takes one out.
  const steps = fc.array(fc.option(fc.nat({ max: 9 })), { maxLength: 2000 });
  fc.assert(
    fc.property(steps, (list) => {
      const queue = new EventQueue();
      const plain: { timeMs: number; a: number }[] = [];
      for (const [a, timeMs] of list.entries()) {
        if (timeMs === null) {
          plain.sort((one, other) => one.timeMs - other.timeMs || one.a - other.a);
          expect(queue.nextMs).toBe(plain[0]?.timeMs ?? Number.POSITIVE_INFINITY);
          const expected = plain.shift();
          expect(queue.pop()).toBe(expected !== undefined);
          if (expected !== undefined)
            expect([queue.timeMs, queue.kind, queue.a, queue.b]).toEqual([
              ...[expected.timeMs, 7, expected.a, -expected.a - 1],
            ]);
        } else {
          queue.push(timeMs, 7, a, -a - 1);
          plain.push({ timeMs, a });
        }
        expect(queue.size).toBe(plain.length);
      }
    }),
    { numRuns: 50 },
  );
});

test('a queue that has grown to 10,000 events keeps their order', () => {
  const queue = new EventQueue();
  for (let a = 0; a < 10_000; a += 1) queue.push((a * 7919) % 10_007, 1, a, 0);
  let last = -1;
  while (queue.pop()) {
    expect(queue.timeMs).toBeGreaterThan(last);
    last = queue.timeMs;
  }
});
