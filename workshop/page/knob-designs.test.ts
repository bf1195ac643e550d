import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FIRST_KNOBS } from '../contract.ts';
import { KNOB_DESIGNS, type NumberKnob, requestOf, sliderOf, valueAt } from './knob-designs.ts';

const numbers = KNOB_DESIGNS.filter((design): design is NumberKnob => design.kind === 'number');

describe('the knobs of the page', () => {
  test('each knob of the room has one, and no other', () => {
    const names = KNOB_DESIGNS.map(({ name }) => name);
    expect(names.sort()).toEqual(Object.keys(FIRST_KNOBS).sort());
  });

  test.each(numbers)('a slider of $name reaches both ends and stays within them', (design) => {
    expect(valueAt(design, 0)).toBe(design.low);
    expect(valueAt(design, 1000)).toBe(design.high);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1000 }), (position) => {
        const value = valueAt(design, position);
        expect(value).toBeGreaterThanOrEqual(design.low);
        expect(value).toBeLessThanOrEqual(design.high);
        // A value that is shown lies where it was turned to, give or take the rounding to two digits.
        expect(Math.abs(valueAt(design, sliderOf(design, value)) - value)).toBeLessThanOrEqual(
          Math.max(design.step, 0.05 * value),
        );
      }),
    );
  });

  test('a knob says which request it sends, with the overrides that are set', () => {
    const knobs = { ...FIRST_KNOBS, preset: 'cached', ttlSeconds: 60, maxmemoryMb: 16 };
    expect(requestOf('ttlSeconds', knobs)).toBe(
      'PUT /lab/policy {"preset":"cached","overrides":{"ttlMs":60000}}',
    );
    expect(requestOf('maxmemoryMb', knobs)).toBe('CONFIG SET maxmemory 16777216');
    expect(requestOf('maxmemoryMb', FIRST_KNOBS)).toBe('CONFIG SET maxmemory 0');
  });
});
