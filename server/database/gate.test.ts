import { describe, expect, test } from 'vitest';
import { Gate, PoolExhaustedError } from './gate.ts';

describe('the gate', () => {
  test('lets 2 in, and the others in order of arrival as places come free', async () => {
    const gate = new Gate({ size: 2, maxWaitMs: null, maxWaiting: 0 });
    const order: number[] = [];
    const callers = [1, 2, 3, 4].map(async (caller) => {
      await gate.enter();
      order.push(caller);
    });
    await Promise.all(callers.slice(0, 2));
    expect(gate.waiting).toBe(2);
    gate.leave();
    await callers[2];
    gate.leave();
    await callers[3];
    expect(order).toEqual([1, 2, 3, 4]);
    expect([gate.waiting, gate.maxWaiting, gate.shed]).toEqual([0, 2, 0]);
  });

  test('turns a caller away after its wait, and its place is not lost', async () => {
    const gate = new Gate({ size: 1, maxWaitMs: 5, maxWaiting: 10 });
    await gate.enter();
    await expect(gate.enter()).rejects.toBeInstanceOf(PoolExhaustedError);
    expect([gate.waiting, gate.shed]).toEqual([0, 1]);
    gate.leave();
    await gate.enter();
    expect(gate.waiting).toBe(0);
  });

  test('turns the fourth away at once when 3 may wait', async () => {
    const gate = new Gate({ size: 1, maxWaitMs: 60_000, maxWaiting: 3 });
    await gate.enter();
    const waiting = [gate.enter(), gate.enter(), gate.enter()];
    await expect(gate.enter()).rejects.toMatchObject({ waitedMs: 0 });
    for (const turn of waiting) {
      gate.leave();
      await turn;
    }
    expect(gate.shed).toBe(1);
  });

  test('10,000 wait without bound when no wait is set', async () => {
    const gate = new Gate({ size: 1, maxWaitMs: null, maxWaiting: 3 });
    await gate.enter();
    const waiting = Array.from({ length: 10_000 }, () => gate.enter());
    expect(gate.maxWaiting).toBe(10_000);
    for (const turn of waiting) {
      gate.leave();
      await turn;
    }
    expect([gate.waiting, gate.shed]).toEqual([0, 0]);
  });

  test('a caller that aborts gives up its place in the queue and is not counted as shed', async () => {
    const gate = new Gate({ size: 1, maxWaitMs: null, maxWaiting: 3 });
    await gate.enter();
    const controller = new AbortController();
    const aborted = gate.enter(controller.signal);
    const patient = gate.enter();
    controller.abort(new Error('client left'));
    await expect(aborted).rejects.toThrow('client left');
    expect(gate.waiting).toBe(1);
    gate.leave();
    await patient;
    await expect(gate.enter(controller.signal)).rejects.toThrow('client left');
    expect(gate.shed).toBe(0);
  });

  test('a reset forgets what was, not who waits now', async () => {
    const gate = new Gate({ size: 1, maxWaitMs: null, maxWaiting: 3 });
    await gate.enter();
    const waiting = [gate.enter(), gate.enter()];
    gate.leave();
    await waiting[0];
    gate.reset();
    expect([gate.maxWaiting, gate.shed]).toEqual([1, 0]);
    gate.leave();
    await waiting[1];
  });
});
