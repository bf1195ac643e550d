import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { signFlipP } from './sign-flip.ts';

/** All 2^n patterns, one by one. */
function slowP(differences: readonly number[]): number {
  const observed = Math.abs(differences.reduce((sum, value) => sum + value, 0));
  let extreme = 0;
  for (let pattern = 0; pattern < 2 ** differences.length; pattern += 1) {
    const sum = differences.reduce(
      (total, value, bit) => total + ((pattern >> bit) & 1 ? -value : value),
      0,
    );
    if (Math.abs(sum) >= observed - 1e-9) extreme += 1;
  }
  return extreme / 2 ** differences.length;
}

const wholeNumbers = (maxLength: number) =>
  fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength });

describe('the sign-flip test', () => {
  test.each([
    ['6 rounds that all agree', [1, 2, 3, 4, 5, 6], 2 / 64],
    ['5 rounds that all agree', [1, 2, 3, 4, 5], 2 / 32],
    ['12 rounds that all agree', Array.from({ length: 12 }, (_, i) => i + 1), 2 / 4096],
    ['one round', [3], 1],
    ['no rounds', [], 1],
    ['rounds without any difference', [0, 0, 0], 1],
    ['differences that cancel', [1, -1, 2, -2], 1],
  ])('gives %s its exact p', (_, differences, p) => {
    expect(signFlipP(differences)).toBeCloseTo(p, 12);
  });

  test("gives Fisher's fifteen pairs of Darwin's maize 1,726 of 32,768 patterns", () => {
    // The Design of Experiments, section 21: 863 patterns with a sum of 314 or more, doubled for both sides.
    const maize = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48];
    expect(signFlipP(maize) * 32768).toBeCloseTo(1726, 6);
  });

  test('counts what a walk through all patterns counts', () => {
    fc.assert(
      fc.property(wholeNumbers(11), (values) => {
        expect(signFlipP(values)).toBeCloseTo(slowP(values), 12);
      }),
    );
  });

  test('is the same for exchanged arms, another order and another unit', () => {
    fc.assert(
      fc.property(wholeNumbers(14), fc.integer({ min: 1, max: 9 }), (values, factor) => {
        const p = signFlipP(values);
        expect(signFlipP(values.map((value) => -value))).toBeCloseTo(p, 12);
        expect(signFlipP(values.toReversed())).toBeCloseTo(p, 12);
        expect(signFlipP(values.map((value) => value * factor))).toBeCloseTo(p, 12);
      }),
    );
  });

  test('counts 2^30 patterns exactly, and draws above, near the normal approximation and never 0', () => {
    const thirty = Array.from({ length: 30 }, (_, i) => Math.sin(i) + 0.3);
    const thirtyTwo = [...thirty, 0.2, 0.4];
    expect(signFlipP(thirty)).toBeCloseTo(normalP(thirty), 2);
    expect(signFlipP(thirtyTwo)).toBeCloseTo(normalP(thirtyTwo), 2);
    expect(signFlipP(thirtyTwo, 7)).toBe(signFlipP(thirtyTwo, 7));
    expect(signFlipP(Array.from({ length: 40 }, () => 1))).toBe(1 / 100_001);
  });
});

function normalP(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  const z = Math.abs(sum) / Math.sqrt(values.reduce((total, value) => total + value ** 2, 0));
  // Abramowitz and Stegun 26.2.17.
  const t = 1 / (1 + 0.2316419 * z);
  const poly =
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (2 * Math.exp((-z * z) / 2) * poly) / Math.sqrt(2 * Math.PI);
}
