import { expect, test } from 'vitest';
import { complete, parseDescription } from './parameters.ts';

test('a description of the command line becomes numbers under the same names', () => {
  expect(parseDescription('zipf:exponent=1,objects=100000,requests=1e6,rate=1000')).toEqual({
    kind: 'zipf',
    exponent: 1,
    objects: 100_000,
    requests: 1_000_000,
    rate: 1000,
  });
  expect(parseDescription(' scan ')).toEqual({ kind: 'scan' });
  expect(parseDescription('loop: objects = 5, arrivals=constant, rate=2')).toMatchObject({
    arrivals: 'constant',
    objects: 5,
  });
});

test('what is absent gets the default of its kind', () => {
  expect(complete({ kind: 'mix' })).toMatchObject({ objects: 1_000_000, exponent: 0.9, seed: 1 });
  expect(complete({ kind: 'stores' })).toMatchObject({ objects: 1000, rate: 200 });
});

test.each([
  ['zipff', /zipff: no such trace; it must be one of zipf, uniform, loop/],
  ['', /\(empty\): no such trace/],
  ['zipf:objects=0', /objects=0: must be a whole number from 1 to 100000000/],
  ['zipf:objects=1.5', /objects=1\.5: must be a whole number/],
  ['zipf:objects=many', /objects=NaN: must be a whole number/],
  ['zipf:exponent=-1', /exponent=-1: must be a number from 0 to 5/],
  ['scan:objects=5', /objects: scan has no such parameter; it takes arrivals, rate, requests/],
  ['zipf:burst=5', /burst goes with arrivals=bursts/],
  ['zipf:requests', /requests: write it as name=value/],
  ['zipf:seed=1,seed=2', /seed is given twice/],
  ['zipf:arrivals=daily', /arrivals=daily: must be one of constant, poisson, bursts, diurnal/],
  ['zipf:arrivals=constant', /needs a rate/],
  ['zipf:updates=1', /updates=1 needs a rate/],
  ['zipf:sigma=1', /needs a median size/],
  ['zipf:updated=1', /needs their rate/],
  ['shifting:objects=10,hot=11', /hot=11: must be a whole number from 1 to objects=10/],
])('%s is refused with its value and what is allowed', (text, message) => {
  expect(() => parseDescription(text)).toThrow(RangeError);
  expect(() => parseDescription(text)).toThrow(message);
});

test('two wrong values are told at once', () => {
  expect(() => parseDescription('zipf:objects=0,exponent=9')).toThrow(/objects=0.*\n.*exponent=9/);
});
