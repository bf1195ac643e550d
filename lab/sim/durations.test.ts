import { expect, test } from 'vitest';
import { durationMs, parseDurations } from './durations.ts';

test('500ms, 30s, 5m, 1h and 7d read as times, a bare number as seconds', () => {
  expect(['500ms', '30s', '5m', '1.5h', '7d', '20'].map(durationMs)).toEqual([
    500, 30_000, 300_000, 5_400_000, 604_800_000, 20_000,
  ]);
  expect(['', '5 weeks', '-1s', 'soon'].map(durationMs)).toEqual([null, null, null, null]);
});

test('every time of a list that does not read is named at once', () => {
  expect(parseDurations('--ttls', '10s,1m')).toEqual([10_000, 60_000]);
  expect(() => parseDurations('--ttls', '10s,x,0s')).toThrow(/--ttls: "x", "0s" must be a time/);
});
