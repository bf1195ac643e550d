import { describe, expect, test } from 'vitest';
import { parseCapacities } from './capacities.ts';

const OF = { objects: 20_000, totalBytes: 10_000_000 };

describe('cache sizes', () => {
  test('a share of the objects, a number of objects, bytes with a unit', () => {
    const read = (text: string) => parseCapacities(text, OF).map(({ capacity }) => capacity);
    expect(read('1%, 50%')).toEqual([200, 10_000]);
    expect(read('0.001%')).toEqual([1]);
    expect(read('5000,7')).toEqual([5000, 7]);
    expect(read('64kb,1.5MB')).toEqual([65_536, 1_572_864]);
    expect(parseCapacities('64kb', OF)[0]?.unit).toBe('bytes');
  });

  test('every size that does not read is named at once, with what is allowed', () => {
    expect(() => parseCapacities('0,12x,110%,1.5', OF)).toThrow(
      /0 must be above 0\n.*"12x" is no size\n.*110% must be at most 100%\n.*1.5 objects must be a whole number/,
    );
  });

  test('bytes without sizes in the trace, and two units on one axis, are refused', () => {
    expect(() => parseCapacities('64mb', { objects: 5, totalBytes: null })).toThrow(
      /the trace has no sizes/,
    );
    expect(() => parseCapacities('1%,64mb', OF)).toThrow(/mixes objects and bytes/);
  });
});
