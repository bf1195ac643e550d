import type { Analysed, Arm, Experiment } from '../../lab/experiment.ts';
import { responseMs } from '../../lab/measures.ts';

/** Rounds behind one comparison: the fewest with which the sign-flip test can reach 0.05. */
export const ROUNDS_PER_COMPARISON = 6;
/** Each block of rounds gives two comparisons that share no trial. */
export const TWINS = [
  ['a', 'b'],
  ['c', 'd'],
] as const;
const BLOCKS = 10;

const twin = (name: string, role: Arm['role']): Arm => ({
  name,
  title: 'cache-aside, all hits',
  policy: 'cached',
  role,
  cache: 'prime',
  expects: { selectsPerLoad: 114 },
});

/** Four arms that are the same: whatever differs between them is noise. `npm run verify -- aa` counts the false alarms. */
export const experiment: Experiment = {
  name: 'aa',
  title: 'A against A',
  question: 'How often does the lab find a difference between arms that are the same?',
  load: { kind: 'open', ratePerSecond: 100, arrivals: 'even', expectedP99Ms: 80 },
  updatesPerSecond: 0,
  arms: [twin('a', 'baseline'), ...['b', 'c', 'd'].map((name) => twin(name, 'repeat'))],
  measures: [responseMs('p50Ms', 0.5, 'median response time')],
  comparisons: TWINS.map(([baseline, candidate]) => ({
    ...{ baseline, candidate, measure: 'p50Ms', rank: 'noise floor' as const },
  })),
  profiles: {
    headline: null,
    quick: null,
    standard: null,
    full: { rounds: BLOCKS * ROUNDS_PER_COMPARISON, warmSeconds: 0.5, measureSeconds: 1 },
  },
  flagsAsMeasures: {},
  answer,
  claims: () => [],
  caveats: ['Trials of one second are noisier than those of the experiments.'],
  charts: () => [],
};

function answer(analysis: Analysed): string {
  const ratio = analysis.comparisons[0]?.ratio;
  if (ratio === undefined || ratio === null) return 'No answer: no pair of valid trials.';
  const off = Math.abs(ratio.value - 1) * 100;
  return `Arms a and b differ by ${off.toFixed(1)} % over ${ratio.n} rounds.`;
}
