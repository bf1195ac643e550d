import { expect, test } from 'vitest';
import { LabError } from '../errors.ts';
import { parseRecommendOptions } from './recommend-options.ts';

const GIVEN = { trace: 'a.log', maxStale: '30s', memory: '512mb' };

test('three options are enough; the others are those of the page of 114 SELECTs', () => {
  expect(parseRecommendOptions(GIVEN)).toEqual({
    ...{ trace: 'a.log', generate: null, format: null, columns: null, sample: 1, limit: null },
    ...{ maxBad: null, seed: 1, maxStaleMs: 30_000, memoryBytes: 512 * 2 ** 20, dbRps: null },
    ...{ selectsPerLoad: 114, loadMs: 870, invalidation: false, processes: 1, valueBytes: 500 },
    ...{ keyBytes: 32, updateRate: 0, warm: 0.2, threads: null },
  });
  const more = { ...GIVEN, memory: '1.5gb', dbRps: '200', invalidation: 'yes', maxStale: '5m' };
  expect(parseRecommendOptions(more)).toMatchObject({
    ...{ memoryBytes: 1.5 * 2 ** 30, dbRps: 200, invalidation: true, maxStaleMs: 300_000 },
  });
});

test('every problem is told at once, those of the source too', () => {
  const wrong = {
    ...{ maxStale: 'soon', memory: '10%', dbRps: '-1', invalidation: 'maybe', sample: '7' },
  };
  const problems = (flags: Record<string, string>): string => {
    try {
      parseRecommendOptions(flags);
    } catch (error) {
      if (error instanceof LabError) return `${error.code} ${error.message}`;
    }
    return 'none';
  };
  const told = problems(wrong);
  expect(told).toMatch(/^E_BAD_OPTIONS/);
  expect(told).toContain(
    '--max-stale must be a time up to 365d, e.g. 500ms, 30s, 5m or 1h, not "soon"',
  );
  expect(told).toContain('--memory must be bytes from 3mb');
  expect(told).toContain('not "10%"');
  expect(told).toContain('--db-rps must be a number from 0.001 to 1000000000, not "-1"');
  expect(told).toContain('--invalidation must be yes or no, not "maybe"');
  expect(told).toContain('--sample must be a number from 0.0001 to 1, not "7"');
  expect(problems({ trace: 'a.log' })).toMatch(/--max-stale is missing.*\n--memory is missing/);
  expect(problems({ ...GIVEN, memory: '2mb' })).toContain('from 3mb');
  expect(problems({ maxStale: '30s', memory: '8mb' })).toContain('where do the requests come from');
});
