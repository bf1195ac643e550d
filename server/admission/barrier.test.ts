import { describe, expect, test } from 'vitest';
import { createBarrier } from './barrier.ts';

/** Round trips that end when the test says so. */
function controlled(): {
  roundTrip: () => Promise<boolean>;
  begun: () => number;
  end: (answer: boolean | Error) => void;
} {
  const open: { resolve(answer: boolean): void; reject(error: Error): void }[] = [];
  let begun = 0;
  return {
    roundTrip: () => {
      begun += 1;
      return new Promise((resolve, reject) => open.push({ resolve, reject }));
    },
    begun: () => begun,
    end(answer) {
      const first = open.shift();
      if (answer instanceof Error) first?.reject(answer);
      else first?.resolve(answer);
    },
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a shared round trip', () => {
  test('100 callers of one moment share one', async () => {
    const { roundTrip, begun, end } = controlled();
    const barrier = createBarrier(roundTrip);
    const answers = Promise.all(Array.from({ length: 100 }, () => barrier()));
    await turn();
    end(true);
    expect(new Set(await answers)).toEqual(new Set([true]));
    expect(begun()).toBe(1);
  });

  test('a caller does not join one that has begun: it may not know what the caller knows', async () => {
    const { roundTrip, begun, end } = controlled();
    const barrier = createBarrier(roundTrip);
    const early = barrier();
    await turn();
    const late = barrier();
    expect(begun()).toBe(1);
    end(true);
    expect(await early).toBe(true);
    const lateAnswer = late.then((answer) => ({ answer, begun: begun() }));
    while (begun() < 2) await turn();
    end(true);
    expect(await lateAnswer).toEqual({ answer: true, begun: 2 });
  });

  test('one that fails answers no, and so does one that never ends', async () => {
    const { roundTrip, end } = controlled();
    const barrier = createBarrier(roundTrip);
    const failing = barrier();
    await turn();
    end(new Error('link lost'));
    expect(await failing).toBe(false);
    expect(await barrier()).toBe(false);
  });
});
