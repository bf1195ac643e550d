import { armOf, figure, milliseconds } from '../../lab/claims.ts';
import type { Analysed, Arm, Experiment } from '../../lab/experiment.ts';
import { responseMs } from '../../lab/measures.ts';
import type { Estimate } from '../../lab/result.ts';
import { medianOf } from '../../lab/stats/median.ts';
import { sampled } from '../stampede/results.ts';
import { charts } from './charts.ts';
import { protocol } from './protocol.ts';

/** About 110 reads fall about an expiry: enough that a p99 is not always the slowest. */
const RATE = 100;

const quiet = (policy: string, title: string): Arm => ({
  name: policy,
  title: `${title}, no updates`,
  policy,
  role: policy === 'cached' ? 'baseline' : 'candidate',
  cache: 'prime',
  expects: { selectsPerLoad: 114 },
});

const updated = (processes: number): Arm => ({
  ...quiet('hardened', 'all together'),
  name: `hardened-updated${processes === 1 ? '' : `-x${processes}`}`,
  title: `all together, copies of 4 s and updates${processes === 1 ? '' : `, ${processes} processes`}`,
  processes,
  overrides: { ttlMs: 4000 },
  updatesPerSecond: 0.05,
  parameters: { expires: true },
});

export const experiment: Experiment = {
  name: 'hardened',
  title: 'What our best combination keeps of its promises',
  question:
    'Does hardened hit as often as plain caching, and do its readers notice neither an expiry nor, beyond its bound, a change?',
  load: {
    kind: 'open',
    ratePerSecond: RATE,
    arrivals: 'even',
    expectedP99Ms: 1000,
  },
  updatesPerSecond: 0,
  arms: [quiet('cached', 'cache-aside'), quiet('hardened', 'all together'), updated(1), updated(4)],
  protocol,
  measures: [
    sampled('p99Ratio', 'median', {
      title: 'p99 about an expiry over p99 on hits',
      unit: 'times',
      better: 'lower',
    }),
    sampled('p99HitsRatio', 'median', {
      title: 'p99 on hits over p99 on hits',
      unit: 'times',
      better: 'lower',
    }),
    sampled('loadsPerExpiry', 'mean', {
      title: 'Loads per expiry',
      unit: 'loads',
      better: 'lower',
    }),
    sampled('longestStaleMs', 'median', {
      title: 'Longest staleness',
      unit: 'ms',
      better: 'lower',
    }),
    responseMs('p99Ms', 0.99, '99th percentile of the response time'),
  ],
  comparisons: [
    { baseline: 'cached', candidate: 'hardened', measure: 'p99Ms', rank: 'interval only' },
  ],
  profiles: {
    headline: null,
    quick: null,
    standard: null,
    full: { rounds: 1, warmSeconds: 3, measureSeconds: 150 },
  },
  flagsAsMeasures: { 'not-steady': 'expiries and changes are what is looked at' },
  answer,
  claims: () => [],
  caveats: [
    'Copies live for 4 s in the arms with updates, so that a trial meets 20 expiries and more; with its 1 h they are as rare as changes.',
    'Reloads after a change stand apart from expiries: there a reader waits for the new page, up to 1.5 s, because the old one is known to be wrong.',
  ],
  charts,
};

/** Share of an arm's reads that a copy answered. */
function hitRatioOf(analysis: Analysed, arm: string): number | null {
  const totals = armOf(analysis, arm)?.findings?.totals;
  const reads = totals?.['reads'] ?? 0;
  return reads === 0 ? null : (totals?.['hits'] ?? 0) / reads;
}

/** Median over the repetitions of one sample. */
function medianOfSample(analysis: Analysed, arm: string, sample: string): Estimate | null {
  return medianOf(armOf(analysis, arm)?.findings?.samples[sample] ?? []);
}

function answer(analysis: Analysed): string {
  const [plain, best] = [hitRatioOf(analysis, 'cached'), hitRatioOf(analysis, 'hardened')];
  const tail = medianOfSample(analysis, 'hardened-updated', 'p99Ratio');
  const stale = medianOfSample(analysis, 'hardened-updated', 'longestStaleMs');
  if (plain === null || best === null || tail === null || stale === null)
    return 'No answer: an arm has no valid trial.';
  return `Hit ratio ${figure(best * 100)} % against ${figure(plain * 100)} % of plain caching; about an expiry the p99 is ${figure(tail.value)} times that on hits; the longest staleness seen is ${milliseconds(stale.value)}.`;
}
