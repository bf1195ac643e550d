import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CountMin } from './count-min.ts';

test('below 10 requests for each object held, no object is estimated below its count, or 15', () => {
  const requests = fc.array(fc.nat({ max: 60 }), { maxLength: 79 });
  fc.assert(
    fc.property(requests, fc.nat(), (ids, seed) => {
      const sketch = new CountMin(8, seed);
      for (const id of ids) sketch.add(id);
      for (const id of ids) {
        const count = ids.filter((other) => other === id).length;
        expect(sketch.estimate(id)).toBeGreaterThanOrEqual(Math.min(15, count));
      }
    }),
  );
});

test('the 1,000th request to a sketch for 100 halves all counters, and each 500th after it', () => {
  const sketch = new CountMin(100, 1);
  const add = (id: number, times: number): void => {
    for (let time = 0; time < times; time += 1) sketch.add(id);
  };
  add(7, 20);
  expect(sketch.estimate(7)).toBe(15);
  add(8, 979);
  expect(sketch.estimate(7)).toBe(15);
  add(8, 1);
  expect(sketch.estimate(7)).toBe(7);
  add(8, 499);
  expect(sketch.estimate(7)).toBe(7);
  add(8, 1);
  expect(sketch.estimate(7)).toBe(3);
});

test('with 1,000 objects held and 2,000 seen thrice, at least 95 % of the estimates are 3', () => {
  const sketch = new CountMin(1000, 1);
  for (let round = 0; round < 3; round += 1) for (let id = 0; id < 2000; id += 1) sketch.add(id);
  const exact = Array.from({ length: 2000 }, (_, id) => sketch.estimate(id)).filter(
    (count) => count === 3,
  );
  expect(exact.length).toBeGreaterThanOrEqual(1900);
});

test('an object never requested is estimated 0 among 1,000 that were, in at least 95 % of the cases', () => {
  const sketch = new CountMin(1000, 2);
  for (let id = 0; id < 1000; id += 1) sketch.add(id);
  const unseen = Array.from({ length: 1000 }, (_, at) => sketch.estimate(1000 + at));
  expect(unseen.filter((count) => count === 0).length).toBeGreaterThanOrEqual(950);
});
