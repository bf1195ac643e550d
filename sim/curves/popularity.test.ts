import { expect, test } from 'vitest';
import { popularityFrom, popularityOf } from './popularity.ts';

test('6 requests are counted in classes: one object has 3 of them, three have 1, one none', () => {
  const trace = { ids: Int32Array.of(0, 1, 0, 2, 3, 0), objects: 5 };
  expect(popularityOf(trace)).toEqual({
    shares: Float64Array.of(1 / 6, 3 / 6),
    others: Float64Array.of(0, 2 / 6),
    objects: Float64Array.of(3, 1),
  });
  expect(popularityOf(trace, 4, 60).shares).toEqual(Float64Array.of(1 / 60));
});

test('an object of 70,000 requests is a class of its own', () => {
  const ids = new Int32Array(70_001);
  ids[9] = 1;
  const { shares, objects } = popularityOf({ ids, objects: 2 });
  expect([...shares].toSorted((a, b) => a - b)).toEqual([1 / 70_001, 70_000 / 70_001]);
  expect([...objects]).toEqual([1, 1]);
});

test('weights of 1 and 3 are shares of 1/4 and 3/4', () => {
  expect(popularityFrom(Float64Array.of(1, 3)).shares).toEqual(Float64Array.of(0.25, 0.75));
});
