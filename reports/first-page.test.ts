import { describe, expect, test } from 'vitest';
import type { Estimate, ExperimentAnalysis, Score } from '../lab/result.ts';
import { bestSentences, defeats, ledger, scorecard } from './first-page.ts';
import { fixtureRun } from './fixtures/run.ts';

const [base] = fixtureRun({ rounds: 1 }).run.experiments;

const between = (low: number, high: number): Estimate => ({
  value: (low + high) / 2,
  interval: { low, high, level: 0.95 },
  n: 12,
});
const exactly = (value: number): Estimate => ({ value, interval: null, n: 20 });

function experiment(
  name: string,
  scores: [policy: string, disease: Score['disease'], estimate: Estimate | null][],
): ExperimentAnalysis {
  return {
    ...base!,
    ...{ name, claims: [] },
    scores: scores.map(([policy, disease, estimate]) => ({
      ...{ policy, disease, estimate, tone: 'neutral' },
      words: `${policy} in ${name}`,
    })),
  };
}

describe('what beats hardened', () => {
  test.each([
    ['an interval that lies below', between(5, 6), between(7, 8), 1],
    ['an interval that overlaps', between(5, 7.5), between(7, 8), 0],
    ['a smaller count', exactly(1), exactly(2), 1],
    ['the same count', exactly(1), exactly(1), 0],
    ['a count below an interval', exactly(1), between(1.2, 1.6), 1],
    ['a larger figure', between(9, 10), between(7, 8), 0],
  ])('%s: %#', (_, other, own, expected) => {
    const all = [
      experiment('stampede', [
        ['lock', 'stampede', other],
        ['hardened', 'stampede', own],
      ]),
    ];
    expect(defeats(all)).toHaveLength(expected);
    const sentences = bestSentences(all);
    expect(sentences).toEqual(
      expected === 1
        ? [
            'hardened is beaten in stampede: lock in stampede, against its hardened in stampede.'.replace(
              'lock in stampede,',
              'lock (lock in stampede),',
            ),
          ]
        : ['No other arm beats hardened in stampede.'],
    );
  });

  test('figures of two experiments or two diseases are never set against each other', () => {
    const all = [
      experiment('stampede', [
        ['hardened', 'stampede', exactly(5)],
        ['lock', 'cost', exactly(1)],
      ]),
      experiment('avalanche', [['jitter', 'stampede', exactly(1)]]),
    ];
    expect(defeats(all)).toEqual([]);
  });

  test('nothing is said where hardened has no score', () => {
    expect(bestSentences([experiment('stampede', [['lock', 'stampede', exactly(1)]])])).toEqual([]);
  });
});

test('the scorecard has a column for each disease that was scored, and hardened last', () => {
  const card = scorecard([
    experiment('stampede', [
      ['hardened', 'stampede', exactly(1)],
      ['own-policy', 'stampede', exactly(2)],
      ['lock', 'cost', exactly(1)],
      ['cached', 'stampede', null],
    ]),
  ]);
  expect(card?.diseases).toEqual(['stampede', 'cost']);
  expect(card?.rows.map(({ policy }) => policy)).toEqual([
    'cached',
    'lock',
    'own-policy',
    'hardened',
  ]);
  expect(scorecard([experiment('stampede', [])])).toBeNull();
});

test('claims stand in the order of their numbers: C2 before C10', () => {
  const claim = { verdict: 'confirmed', statement: '', figure: '', reason: '' } as const;
  const judged = ledger([
    {
      ...base!,
      claims: [
        { ...claim, id: 'C10' },
        { ...claim, id: 'C2' },
      ],
    },
  ]);
  expect(judged.judged.map(({ id }) => id)).toEqual(['C2', 'C10']);
  expect(judged.open).toHaveLength(28);
});
