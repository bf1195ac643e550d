import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { holm, smallestAttainableP } from './holm.ts';

test.each([
  // R: p.adjust(c(0.01, 0.04, 0.03, 0.005), 'holm')
  [
    [0.01, 0.04, 0.03, 0.005],
    [0.03, 0.06, 0.06, 0.02],
  ],
  [[0.04], [0.04]],
  [[], []],
  [
    [0.6, 0.7],
    [1, 1],
  ],
])('Holm makes %j into %j', (ps, adjusted) => {
  const given = holm(ps);
  expect(given).toHaveLength(adjusted.length);
  given.forEach((p, index) => expect(p).toBeCloseTo(adjusted[index]!, 12));
});

test('no adjusted p is below the given one or above n times it, and the order of the findings stays', () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.array(share, { minLength: 1, maxLength: 8 }), (ps) => {
      const adjusted = holm(ps);
      ps.forEach((p, i) => {
        expect(adjusted[i]!).toBeGreaterThanOrEqual(p);
        expect(adjusted[i]!).toBeLessThanOrEqual(Math.min(1, p * ps.length) + 1e-12);
        ps.forEach((other, j) => {
          if (p < other) expect(adjusted[i]!).toBeLessThanOrEqual(adjusted[j]!);
        });
      });
    }),
  );
});

test.each([
  [12, 4, 8 / 4096],
  [6, 1, 2 / 64],
  [6, 2, 4 / 64],
  [1, 4, 1],
])('%i rounds and a family of %i reach p = %f at best', (rounds, family, p) => {
  expect(smallestAttainableP(rounds, family)).toBeCloseTo(p, 12);
});
