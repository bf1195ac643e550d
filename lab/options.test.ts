import { describe, expect, test } from 'vitest';
import { LabError } from './errors.ts';
import { parseRunOptions } from './options.ts';

const problems = (flags: Record<string, string>): string => {
  try {
    parseRunOptions([], flags);
  } catch (error) {
    if (error instanceof LabError) return `${error.exitCode}\n${error.message}`;
  }
  return 'no error';
};

describe('the options of a run', () => {
  test('nothing given means the headline profile at 5-10 ms with 1,000 stores', () => {
    expect(parseRunOptions([], {})).toEqual({
      experiments: [],
      profile: 'headline',
      arms: null,
      ratePerSecond: null,
      ttlSeconds: null,
      stores: 1000,
      updatesPerSecond: null,
      serverProcesses: null,
      seed: 1,
      dbLatency: '5-10',
    });
  });

  test('four wrong values give four lines, each with its value and range, and exit code 2', () => {
    const text = problems({ rate: '-3', profile: 'huge', stores: '1.5', dbLatency: '10-5' });
    expect(text.split('\n')).toEqual([
      '2',
      expect.stringMatching(/--profile must be headline, .*, not "huge"/),
      expect.stringMatching(/--rate must be a number from 0\.1 to 20000, not "-3"/),
      expect.stringMatching(/--stores must be a whole number from 0 to 100000, not "1\.5"/),
      expect.stringMatching(/--db-latency must be .*, not "10-5"/),
    ]);
  });

  test('NaN, infinity and text are refused as numbers', () => {
    for (const rate of ['NaN', 'Infinity', 'abc', '1e99', '']) {
      expect(problems({ rate })).toMatch(/--rate/);
    }
  });

  test('a missing config file names its path', () => {
    expect(problems({ config: 'nowhere.json' })).toMatch(/nowhere\.json: there is no such file/);
  });
});
