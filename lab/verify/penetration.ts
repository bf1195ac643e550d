import type { ExperimentAnalysis } from '../result.ts';
import { describe } from './avalanche.ts';
import type { BenchCriterion, Judgement } from './criterion.ts';

/** Arms whose SELECTs per bad request theory must meet. */
const JUDGED = [
  'negative-repeated',
  'negative-random',
  'bloom-random',
  'bloom-2x',
  'bloom-4x',
  'both-random',
];

export const criterion: BenchCriterion = {
  kind: 'bench',
  about:
    'notes of absent stores against repeated and random slugs, and the filter’s false positives, about 10 minutes',
  experiments: ['penetration'],
  flags: { profile: 'standard', arms: JUDGED.join(',') },
  design: { rounds: 3, warmSeconds: 2, measureSeconds: 20 },
  judge: ({ experiments }) => judgeFlood(experiments.find(({ name }) => name === 'penetration')),
};

/** Theory must lie in every interval, C20 must have a verdict, and no filter may hide a new store. */
function judgeFlood(experiment: ExperimentAnalysis | undefined): Judgement {
  const rows = experiment?.theory ?? [];
  const judged = JUDGED.map((name) =>
    rows.find(({ arm, quantity }) => arm === name && quantity.startsWith('SELECTs')),
  );
  const arms = experiment?.arms ?? [];
  const hidden = arms
    .filter(({ arm }) => arm.startsWith('bloom'))
    .map(({ findings }) => findings?.totals['falseNotFound'] ?? 0)
    .reduce((sum, one) => sum + one, 0);
  const created = arms
    .filter(({ arm }) => arm.startsWith('bloom'))
    .map(({ findings }) => findings?.totals['created'] ?? 0)
    .reduce((sum, one) => sum + one, 0);
  const claim = experiment?.claims.find(({ id }) => id === 'C20');
  const isJudged = claim !== undefined && claim.verdict !== 'not judged';
  return {
    lines: [
      ...rows.map(describe),
      `behind the filter ${hidden} of ${created} new stores were a 404 after their COMMIT`,
      ...(claim === undefined ? [] : [`C20 ${claim.verdict}: ${claim.figure}; ${claim.reason}`]),
      ...(experiment?.armsWithoutData ?? []).map((arm) => `${arm}: no valid trial`),
    ],
    passed: isJudged && created > 0 && hidden === 0 && judged.every((row) => row?.agrees === true),
  };
}
