import { describe, expect, test } from 'vitest';
import { linearBounds, linearTicks, logBounds, logTicks } from './axis.ts';

describe('axes of the charts', () => {
  test('a logarithmic axis spans whole decades around its values and never less than the usual', () => {
    expect(logBounds([3, 40], [1, 1000])).toEqual([1, 1000]);
    expect(logBounds([0.42, 1400], [1, 1000])).toEqual([0.1, 10_000]);
    expect(logBounds([1000], [1, 1000])).toEqual([1, 1000]);
    expect(logBounds([0, -1, Number.NaN], [1, 1000])).toEqual([1, 1000]);
  });

  test('its ticks stand at 1, 2 and 5, or at 1 alone where there is no room', () => {
    expect(logTicks([1, 100], 7)).toEqual([1, 2, 5, 10, 20, 50, 100]);
    expect(logTicks([0.1, 1000], 7)).toEqual([0.1, 1, 10, 100, 1000]);
    expect(logTicks([0.01, 1000], 4)).toEqual([0.01, 1, 100]);
  });

  test('a linear axis begins at 0 and ends at 1, 2 or 5 times a power of ten', () => {
    expect(linearBounds([3, 7], 10)).toEqual([0, 10]);
    expect(linearBounds([3, 114], 10)).toEqual([0, 200]);
    expect(linearTicks([0, 100], 6)).toEqual([0, 20, 40, 60, 80, 100]);
    expect(linearTicks([0, 10], 4)).toEqual([0, 5, 10]);
  });
});
