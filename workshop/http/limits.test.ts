import { describe, expect, test } from 'vitest';
import { atMost, perSecond, shared } from './limits.ts';

describe('perSecond', () => {
  test('20 a second are let through at once, the 21st is refused with 429, and half a second later 10 more go', () => {
    let nowMs = 0;
    const before = perSecond(20, 'too many', () => nowMs);
    for (let n = 0; n < 20; n += 1) before();
    expect(before).toThrow(expect.objectContaining({ status: 429, message: 'too many' }));
    nowMs = 500;
    for (let n = 0; n < 10; n += 1) before();
    expect(before).toThrow('too many');
  });

  test('a quiet hour saves up no more than one second’s worth', () => {
    let nowMs = 0;
    const before = perSecond(20, 'too many', () => nowMs);
    nowMs = 3_600_000;
    for (let n = 0; n < 20; n += 1) before();
    expect(before).toThrow('too many');
  });
});

describe('atMost', () => {
  test('two wait, the third is refused, and each that ends or fails makes room', async () => {
    const limited = atMost(2, 'full');
    let end = (): void => {};
    let fail = (_why: Error): void => {};
    const first = limited(() => new Promise<void>((resolve) => (end = resolve)));
    const second = limited(() => new Promise<void>((_, reject) => (fail = reject)));
    await expect(limited(async () => {})).rejects.toThrow('full');
    end();
    await first;
    fail(new Error('broken'));
    await expect(second).rejects.toThrow('broken');
    await expect(Promise.all([limited(async () => 1), limited(async () => 2)])).resolves.toEqual([
      1, 2,
    ]);
  });
});

describe('shared', () => {
  test('all who ask while it is made, and for 5 s after, get one answer; later ones a new one', async () => {
    let nowMs = 0;
    let made = 0;
    const ask = shared(
      async () => (made += 1),
      5000,
      () => nowMs,
    );
    await expect(Promise.all([ask(), ask(), ask()])).resolves.toEqual([1, 1, 1]);
    nowMs = 4999;
    await expect(ask()).resolves.toBe(1);
    nowMs = 5000;
    await expect(ask()).resolves.toBe(2);
  });

  test('a failure is told to those who wait for it and not kept', async () => {
    const answers = [Promise.reject(new Error('redis is away')), Promise.resolve('there')];
    const ask = shared(
      () => answers.shift()!,
      5000,
      () => 0,
    );
    await expect(ask()).rejects.toThrow('redis is away');
    await expect(ask()).resolves.toBe('there');
  });
});
