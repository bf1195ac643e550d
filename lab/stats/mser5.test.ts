import { describe, expect, test } from 'vitest';
import { seededRandom } from '../seeded-random.ts';
import { mser5Cut, steadiness } from './mser5.ts';

/** Levels with +-2 % of noise. */
function noisy(levels: readonly number[], seed: string): number[] {
  const random = seededRandom(seed);
  return levels.map((level) => level * (0.98 + 0.04 * random()));
}
const repeat = (level: number, times: number) => Array.from({ length: times }, () => level);

describe('MSER-5', () => {
  test('cuts a warm-up of 20 s off a phase of 100 s, to the batch of 5', () => {
    const cut = mser5Cut(noisy([...repeat(30, 20), ...repeat(10, 80)], 'warm'));
    expect(cut).toBeGreaterThanOrEqual(20);
    expect(cut % 5).toBe(0);
    expect(cut).toBeLessThanOrEqual(50);
  });

  test('cuts second by second where the phase is short', () => {
    expect(mser5Cut([30, 20, 10, 10.1, 9.9, 10, 10.1, 9.9, 10, 10])).toBe(2);
  });

  test('never cuts more than half', () => {
    for (let seed = 0; seed < 50; seed += 1) {
      expect(mser5Cut(noisy(repeat(10, 10), `half ${seed}`))).toBeLessThanOrEqual(5);
    }
  });
});

describe('a measured phase', () => {
  test('of noise alone is steady, 200 times of 200', () => {
    for (let seed = 0; seed < 200; seed += 1) {
      expect(steadiness(noisy(repeat(10, 10), `flat ${seed}`)).steady).toBe(true);
    }
  });

  test.each([
    ['that falls all the time', [40, 36, 32, 28, 24, 20, 16, 12, 8, 4], false],
    ['whose first half is twice as slow', [20, 20, 20, 20, 20, 10, 10, 10, 10, 10], false],
    ['whose first 3 of 10 s are twice as slow', [20, 20, 20, 10, 10, 10, 10, 10, 10, 10], true],
    ['whose first half is 5 % slower', [10.5, 10.5, 10.5, 10.5, 10.5, 10, 10, 10, 10, 10], true],
    ['of 4 s, too short to tell', [40, 30, 20, 10], true],
    ['without a second', [], true],
  ])('%s: steady is %s', (_, series, steady) => {
    expect(steadiness(series).steady).toBe(steady);
  });
});
