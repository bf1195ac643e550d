import { describe, expect, test } from 'vitest';
import { keepUnits } from './escape.ts';
import {
  capital,
  estimateWithInterval,
  inUnit,
  list,
  milliseconds,
  number,
  percent,
  quantileName,
  ratio,
  ratioWithInterval,
} from './format.ts';

const estimate = (value: number, low: number, high: number) => ({
  value,
  interval: { low, high, level: 0.95 },
  n: 12,
});

describe('numbers', () => {
  test.each([
    [0.012345, '0.0123'],
    [9.996, '10'],
    [870.4, '870'],
    [1234567, '1,234,567'],
    [-2.5067, '−2.51'],
    [0, '0'],
    [Number.NaN, '–'],
  ])('%d reads %s', (value, text) => expect(number(value)).toBe(text));

  test('999.4 ms stays in ms and 999.6 ms becomes 1 s', () => {
    expect(milliseconds(999.4)).toBe('999 ms');
    expect(milliseconds(999.6)).toBe('1 s');
    expect(milliseconds(1140)).toBe('1.14 s');
  });

  test.each([
    [0.99999, '> 99.99 %'],
    [0.9997, '99.97 %'],
    [1, '100 %'],
    [0, '0 %'],
    [0.00001, '< 0.01 %'],
    [0.5, '50 %'],
  ])('a share of %d reads %s, never rounded to all or nothing', (share, text) =>
    expect(percent(share)).toBe(text),
  );

  test('a value is written in the unit of its measure', () => {
    expect(inUnit(1500, 'µs')).toBe('1.5 ms');
    expect(inUnit(12, '/s')).toBe('12/s');
    expect(inUnit(3, 'cores')).toBe('3 cores');
  });
});

describe('ratios', () => {
  test('a ratio takes the form that reads easiest', () => {
    expect(ratio(1 / 105)).toBe('1/105');
    expect(ratio(2.1)).toBe('×2.1');
    expect(ratio(0.97)).toBe('−3.0 %');
    expect(ratio(1.2)).toBe('+20 %');
  });

  test('the interval takes the form of its point estimate', () => {
    expect(ratioWithInterval(estimate(1.2, 0.6, 2.4))).toBe('+20 % [−40 %, +140 %]');
    expect(ratioWithInterval(estimate(0.01, 0.009, 0.0111))).toBe('1/100 [1/111, 1/90.1]');
  });

  test('one sample says that it has no interval', () => {
    const alone = { value: 0.5, interval: null, n: 1 };
    expect(ratioWithInterval(alone)).toBe('1/2 (no interval, n = 1)');
    expect(estimateWithInterval(alone, 'ms')).toBe('0.5 ms (no interval, n = 1)');
  });
});

test('p99.9 is named without rounding errors', () => expect(quantileName(0.999)).toBe('p99.9'));

test('lists end with "and"', () => expect(list(['a', 'b', 'c'])).toBe('a, b and c'));

test.each([
  ['median response time', 'Median response time'],
  ['a page of 1 s', 'A page of 1 s'],
  ['λ offered: 300/s', 'λ offered: 300/s'],
  ['r = 1.27 ms', 'r = 1.27 ms'],
])('"%s" at the start of a sentence reads "%s": symbols keep their letter', (text, first) =>
  expect(capital(text)).toBe(first),
);

test('no line breaks between a number and its unit, nor inside an interval', () => {
  expect(keepUnits('5 % of 2 s [1 ms, 3 ms] in 2 states')).toBe(
    '5\u00a0% of 2\u00a0s [1\u00a0ms,\u00a03\u00a0ms] in 2 states',
  );
});
