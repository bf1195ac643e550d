import { expect, test } from 'vitest';
import { defaultKey } from './cached.ts';

test('the default key is the name and 8 hex digits of the arguments', () => {
  expect(defaultKey('loadMenu', ['lao-zhang', 2])).toMatch(/^loadMenu:[0-9a-f]{8}$/);
  expect(defaultKey('loadMenu', ['lao-zhang', 2])).toBe(defaultKey('loadMenu', ['lao-zhang', 2]));
});

test('arguments that only look alike get keys of their own', () => {
  const calls = [['a', 'b'], ['a,b'], ['ab'], ['b', 'a'], [1], ['1'], [true], [null], []];
  expect(new Set(calls.map((values) => defaultKey('f', values))).size).toBe(calls.length);
});
