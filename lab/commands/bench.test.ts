import { expect, test } from 'vitest';
import { madeUpRun } from '../fixtures/runs.ts';
import type { Comparison, RunResult, VerdictWord } from '../result.ts';
import { withoutVerdict } from './bench.ts';

function runWith(verdict: VerdictWord, rank: Comparison['rank']): RunResult {
  const run = madeUpRun({ uncached: { role: 'baseline', p50Ms: [870, 880, 875] } });
  const [experiment] = run.experiments;
  const comparison: Comparison = {
    ...{ baseline: 'uncached', candidate: 'cached', rank, verdict, rounds: 12, roundsNeeded: 30 },
    ...{ ratio: null, p: 0.2, pHolm: 0.2, found: false, smallestFindableRatio: 1.1 },
    measure: experiment!.primaryMeasure,
  };
  return { ...run, experiments: [{ ...experiment!, comparisons: [comparison] }] };
}

test('a demanded verdict is missing where the primary comparison is inconclusive or has too few rounds', () => {
  for (const verdict of ['inconclusive', 'no verdict'] as const) {
    const [sentence] = withoutVerdict(runWith(verdict, 'primary'));
    expect(sentence).toContain(`without verdict after 12 rounds (${verdict}, needs about 30)`);
  }
});

test('it is not missing where there is a word, nor for comparisons that are not primary', () => {
  expect(withoutVerdict(runWith('faster', 'primary'))).toEqual([]);
  expect(withoutVerdict(runWith('equivalent', 'primary'))).toEqual([]);
  expect(withoutVerdict(runWith('inconclusive', 'family'))).toEqual([]);
});
