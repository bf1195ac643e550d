import { expect, test } from 'vitest';
import { keyPlaces, keysOf } from './command-keys.ts';

const places = keyPlaces([
  ['get', 2, ['readonly'], 1, 1, 1],
  ['mset', -3, ['write'], 1, -1, 2],
  ['del', -2, ['write'], 1, -1, 1],
  ['blpop', -3, ['write'], 1, -2, 1],
  ['auth', -2, ['noscript'], 0, 0, 0],
]);
const keys = (...words: string[]): string[] => keysOf(words, places.get(words[0]!)!);

test('of each command only the words that Redis calls keys are taken', () => {
  expect(keys('get', 'a')).toEqual(['a']);
  expect(keys('mset', 'a', 'secret', 'b', 'secret')).toEqual(['a', 'b']);
  expect(keys('del', 'a', 'b', 'c')).toEqual(['a', 'b', 'c']);
  expect(keys('blpop', 'a', 'b', '0')).toEqual(['a', 'b']);
  // Refused by the server, and shown by MONITOR nevertheless.
  expect(keys('get')).toEqual([]);
});

test('commands without keys, as AUTH, are not listed, and a reply of another shape lists none', () => {
  expect(places.has('auth')).toBe(false);
  expect(keyPlaces('ERR').size).toBe(0);
});
