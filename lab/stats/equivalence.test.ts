import { expect, test } from 'vitest';
import { isEquivalent } from './equivalence.ts';

/** 12 rounds around a ratio, spread by +-`spread`. */
const rounds = (ratio: number, spread: number) =>
  Array.from({ length: 12 }, (_, i) => Math.log(ratio) + (i % 2 === 0 ? spread : -spread));

// 90 % interval of 12 rounds: +- 1.796 * spread * sqrt(12 / 11) / sqrt(12) = +- 0.5415 * spread; the zone is +- 0.0488.
test.each([
  [1, 0.089, true],
  [1, 0.091, false],
  [1.04, 0.0176, true],
  [1.04, 0.0178, false],
  [1 / 1.04, 0.0176, true],
  [1.06, 0.001, false],
  [1 / 1.06, 0.001, false],
])('a ratio of %f with a spread of %f is equivalent: %s', (ratio, spread, equivalent) => {
  expect(isEquivalent(rounds(ratio, spread))).toBe(equivalent);
});

test('one round shows no equivalence', () => {
  expect(isEquivalent([0])).toBe(false);
});
