import { expect, test } from 'vitest';
import type { Reading } from '../perf-sim/job.ts';
import type { LargeReadings } from './sim-1g.ts';
import { judgeLarge } from './sim-1g.ts';

const point = {
  capacity: 300_000,
  missRatio: 0.302,
  low: 0.3,
  high: 0.304,
  slots: 3000,
  usable: true,
};

const reading = (change: Partial<Reading> = {}): Reading => ({
  ...{ requests: 1e9, objects: 1e5, seconds: 80, readSeconds: 78, misses: [], points: [point] },
  ...{ peakBytes: 0.3e9 },
  ...change,
});

const prefix = {
  sampled: reading({ requests: 2e7 }),
  exact: reading({ requests: 2e7, misses: [6_000_000] }),
};

const large = (change: Partial<LargeReadings> = {}): LargeReadings => ({
  ...{ requests: 1e9, sampled: reading(), half: null, prefix },
  exact: reading({ misses: [300_000_000] }),
  ...change,
});

test('80 s, 300 MB and 0.2 points beside the exact run pass, and every figure is said', () => {
  const { lines, passed } = judgeLarge(large());
  expect(passed).toBe(true);
  expect(lines).toContain('1,000,000,000 requests: 80 s (at most 300), 300 MB (at most 2000)');
  expect(lines).toContain(
    'against the exact run of all: off by +0.20 (inside) points: at most 0.5, or inside its own 95 % interval',
  );
  expect(lines).toContain(
    'LRU of 300,000 objects: miss ratio 0.3020, 95 % interval 0.3000 to 0.3040',
  );
});

test('too slow, too large, or more than half a point off fails', () => {
  const passed = (change: Partial<LargeReadings>) => judgeLarge(large(change)).passed;
  expect(passed({ sampled: reading({ seconds: 301 }) })).toBe(false);
  expect(passed({ sampled: reading({ peakBytes: 2.1e9 }) })).toBe(false);
  expect(passed({ exact: reading({ misses: [307_100_000] }) })).toBe(false);
  // The same 0.71 points from a sample that claims less.
  const wide = { ...point, low: 0.29, high: 0.31 };
  const modest = reading({ points: [wide] });
  expect(passed({ sampled: modest, exact: reading({ misses: [309_100_000] }) })).toBe(true);
  expect(passed({ exact: null })).toBe(true);
  expect(passed({ exact: null, prefix: { ...prefix, exact: reading({ misses: [1] }) } })).toBe(
    false,
  );
});

test('from 200 million requests, a billion is told by the slope: 20 s and 10 s are 100 s', () => {
  const { lines, passed } = judgeLarge(
    large({
      requests: 2e8,
      sampled: reading({ requests: 2e8, seconds: 20, peakBytes: 200e6 }),
      half: reading({ requests: 1e8, seconds: 10, peakBytes: 150e6 }),
      exact: null,
    }),
  );
  expect(passed).toBe(true);
  expect(lines).toContain(
    '1,000,000,000 requests, by the slope from half of it: 100 s (at most 300), 600 MB (at most 2000)',
  );
});
