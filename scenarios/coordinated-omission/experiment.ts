import { armOf, milliseconds, quantileOf } from '../../lab/claims.ts';
import type { Analysed, Arm, Experiment, Load } from '../../lab/experiment.ts';
import { responseMs } from '../../lab/measures.ts';
import { charts } from './charts.ts';

const RATE_PER_SECOND = 500;

const arm = (name: string, title: string, role: Arm['role'], load: Load): Arm => ({
  name,
  title,
  policy: 'static',
  role,
  load,
  cache: 'prime',
  expects: { selectsPerLoad: 114 },
  freeze: { atSecond: 4, seconds: 2 },
});

const open = (virtualUsers: number): Load => ({
  kind: 'open',
  ratePerSecond: RATE_PER_SECOND,
  arrivals: 'even',
  expectedP99Ms: 2000,
  virtualUsers,
});

export const experiment: Experiment = {
  name: 'coordinated-omission',
  title: 'What a closed-model load test hides',
  question:
    'The same server stands still for 2 s of 10: which load model lets the percentiles show it?',
  load: open(1500),
  updatesPerSecond: 0,
  arms: [
    arm('open', `open, ${RATE_PER_SECOND}/s, 1,500 users`, 'baseline', open(1500)),
    arm('open-few', `open, ${RATE_PER_SECOND}/s, 20 users`, 'candidate', open(20)),
    arm('closed', 'closed, 10 users', 'candidate', { kind: 'closed', virtualUsers: 10 }),
  ],
  measures: [responseMs('p99Ms', 0.99, '99th percentile of the response time')],
  comparisons: [{ baseline: 'open', candidate: 'closed', measure: 'p99Ms', rank: 'interval only' }],
  profiles: {
    headline: null,
    quick: { rounds: 1, warmSeconds: 3, measureSeconds: 10, arms: ['open', 'closed'] },
    standard: { rounds: 1, warmSeconds: 3, measureSeconds: 10 },
    full: { rounds: 12, warmSeconds: 3, measureSeconds: 10 },
  },
  flagsAsMeasures: {
    dropped: 'too few virtual users is one of the mistakes on show',
    'achieved-rate': 'too few virtual users is one of the mistakes on show',
    'start-lag': 'requests wait behind the frozen server: that wait is the subject',
    'not-steady': 'the freeze is in the middle of the measured phase',
    'host-busy': 'the backlog is worked off at full speed after the freeze',
    'generator-cpu': 'the backlog is worked off at full speed after the freeze',
  },
  answer,
  claims: () => [],
  caveats: [
    'The server is frozen by a signal: a garbage collection or a failover would look the same.',
  ],
  charts,
};

function answer(analysis: Analysed): string {
  const truth = quantileOf(armOf(analysis, 'open'), 0.99);
  const closed = quantileOf(armOf(analysis, 'closed'), 0.99);
  if (truth === null || closed === null)
    return 'No answer: the open or the closed arm has no valid trial.';
  return `A server that stands still for 2 s in 10 has a p99 of ${milliseconds(truth)} for arrivals on a schedule; ten users who wait for their answers report ${milliseconds(closed)}.`;
}
