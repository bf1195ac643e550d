import { expect, test } from 'vitest';
import { bytesInRedis } from './memory.ts';

test('a key of 10 bytes with a value of 500 takes 568 bytes, with a TTL 592, in Redis own build', () => {
  // Entry 24, key 1 + 10 + 1 -> 16, object 16, value 5 + 500 + 1 -> 512.
  expect(bytesInRedis(10, 500)).toBe(24 + 16 + 16 + 512);
  expect(bytesInRedis(10, 500, { expires: true })).toBe(592);
  expect(bytesInRedis(10, 500, { expires: true, quantumBytes: 16 })).toBe(32 + 32 + 16 + 16 + 512);
});

test('a value of 44 bytes lies in its object, one of 45 beside it', () => {
  expect(bytesInRedis(10, 44)).toBe(24 + 16 + 64);
  expect(bytesInRedis(10, 45)).toBe(24 + 16 + 16 + 56);
});

test('longer texts get longer headers, and classes lie further apart', () => {
  expect(bytesInRedis(31, 1) - bytesInRedis(30, 1)).toBe(8);
  expect(bytesInRedis(10, 1020)).toBe(24 + 16 + 16 + 1280);
  expect(bytesInRedis(10, 70_000)).toBe(24 + 16 + 16 + 81_920);
});
