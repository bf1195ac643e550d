import { expect, test } from 'vitest';
import { formatDuration, formatNumber, formatShare } from './format.ts';

test.each([
  [0, '0'],
  [0.0042, '0.004'],
  [0.421, '0.42'],
  [8.74, '8.74'],
  [11.44, '11.4'],
  [114, '114'],
  [1240.4, '1,240'],
  [1_234_567, '1,234,567'],
])('the number %d reads %s', (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

test.each([
  [null, '–'],
  [0.42, '0.42 ms'],
  [987.4, '987 ms'],
  [999.7, '1 s'],
  [1140, '1.14 s'],
  [60_000, '60 s'],
  [720_000, '12 min'],
  [10_800_000, '3 h'],
])('a duration of %d ms reads %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test('a share below one is never written as all, nor one above zero as nothing', () => {
  expect(formatShare(1)).toBe('100 %');
  expect(formatShare(0.9997)).toBe('99.9 %');
  expect(formatShare(0.0003)).toBe('0.1 %');
  expect(formatShare(0)).toBe('0 %');
  expect(formatShare(null)).toBe('–');
});
