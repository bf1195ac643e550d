import { describe, expect, test } from 'vitest';
import { refreshesEarly } from './xfetch.ts';

const DRAWS = 100_000;

/** Share of evenly spread draws that refresh. */
function share(leftMs: number, loadMs: number, beta: number): number {
  let early = 0;
  for (let index = 0; index < DRAWS; index += 1)
    if (refreshesEarly(leftMs, loadMs, beta, (index + 0.5) / DRAWS)) early += 1;
  return early / DRAWS;
}

describe('the draw of XFetch', () => {
  test.each([
    [0, 500, 1],
    [100, 500, 1],
    [500, 500, 1],
    [1500, 500, 1],
    [1500, 500, 2],
    [1500, 500, 0.5],
  ])('%i ms before the end of a page of %i ms, β %d: e^(-left / (Δ β))', (left, load, beta) => {
    expect(share(left, load, beta)).toBeCloseTo(Math.exp(-left / (load * beta)), 4);
  });

  test('10 s before the end of a page of 400 ms nobody refreshes: the chance is 1.4e-11', () => {
    expect(share(10_000, 400, 1)).toBe(0);
  });

  test('a page that took no time never refreshes early', () => {
    expect(refreshesEarly(1, 0, 1, 0.999_999_999)).toBe(false);
  });

  test('the lowest draw is no refresh, and none is infinite', () => {
    expect(refreshesEarly(1, 500, 1, 0)).toBe(false);
    expect(refreshesEarly(500 * 40, 500, 1, 1 - 2 ** -53)).toBe(false);
  });
});
