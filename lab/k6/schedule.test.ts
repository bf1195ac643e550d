import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { alignToSchedule } from './schedule.ts';

test('finds the lag of each arrival, given that one of them was on time', () => {
  const lagMs = fc.array(fc.double({ min: 0, max: 9, noNaN: true }), {
    minLength: 1,
    maxLength: 60,
  });
  fc.assert(
    fc.property(
      lagMs,
      fc.nat(),
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      (lags, prompt, origin) => {
        lags[prompt % lags.length] = 0;
        // A lag below the period of 10 ms leaves the arrivals in their order.
        const starts = lags.map((lag, slot) => origin + slot * 10 + lag);
        const aligned = alignToSchedule(starts, 10);
        expect(aligned.originMs).toBeCloseTo(origin, 6);
        aligned.lagMs.forEach((lag, slot) => expect(lag).toBeCloseTo(lags[slot]!, 6));
      },
    ),
  );
});

test('gives lags in the order of the arrivals, not of their starts', () => {
  expect(alignToSchedule([120, 100, 113], 10)).toEqual({ originMs: 100, lagMs: [0, 0, 3] });
});

test('a burst after a stall of 50 ms is 50, 40, 30 … ms late', () => {
  const starts = [0, 10, 20, 80, 80, 80, 80, 80, 80, 90];
  expect(alignToSchedule(starts, 10).lagMs).toEqual([0, 0, 0, 50, 40, 30, 20, 10, 0, 0]);
});
