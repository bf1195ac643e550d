import { comparisonOf, times } from '../../lab/claims.ts';
import type { Experiment } from '../../lab/experiment.ts';
import { responseMs } from '../../lab/measures.ts';
import { charts } from './charts.ts';

const primed = { cache: 'prime', expects: { selectsPerLoad: 114 } } as const;
const design = { rounds: 12, warmSeconds: 2, measureSeconds: 10 };

export const experiment: Experiment = {
  name: 'my-experiment', // the name of the folder
  title: 'What price updates do to the slow tail',
  question: 'How much longer is the slow tail when each price update deletes the cached page?',
  load: { kind: 'open', ratePerSecond: 20, arrivals: 'even', expectedP99Ms: 1100 },
  updatesPerSecond: 0.5,
  arms: [
    { name: 'kept', title: 'no DEL', policy: 'cached', role: 'baseline', ...primed },
    { name: 'deleted', title: 'with DEL', policy: 'invalidated', role: 'candidate', ...primed },
  ],
  measures: [responseMs('p90Ms', 0.9, '90th percentile of the response time')],
  comparisons: [{ baseline: 'kept', candidate: 'deleted', measure: 'p90Ms', rank: 'primary' }],
  profiles: { headline: null, quick: { ...design, rounds: 3 }, standard: design, full: design },
  flagsAsMeasures: {},
  answer(analysis) {
    const ratio = comparisonOf(analysis, 'kept', 'deleted', 'p90Ms')?.ratio ?? null;
    return ratio === null
      ? 'No answer: no valid round.'
      : `The p90 is ${times(ratio)} times as long with DEL.`;
  },
  claims: () => [],
  caveats: [],
  charts,
};
