import type { Arm, Experiment, Measure } from '../../lab/experiment.ts';
import { cellName } from '../clients/cells.ts';
import { charts } from './charts.ts';
import { answer, claims, theory } from './judgement.ts';
import { protocol } from './protocol.ts';

function found(cell: string, name: string, title: string, unit: string): Measure {
  return {
    ...{ name, title, unit, better: 'lower' },
    read: ({ findings }) => findings?.samples[cell]?.[0] ?? null,
  };
}

function arm(name: string, title: string, role: Arm['role'] = 'candidate'): Arm {
  return {
    ...{ name, title, role, policy: 'cached', redis: 'own' },
    ...{ cache: 'cold', expects: { selectsPerLoad: null } },
  };
}

const against = (
  candidate: string,
  rank: Experiment['comparisons'][number]['rank'],
): Experiment['comparisons'][number] => ({
  ...{ baseline: 'one-by-one', candidate, measure: 'batchMs', rank },
});

export const experiment: Experiment = {
  name: 'batch-catalog',
  title: 'Many values at once',
  question:
    'What do 1, 10, 100 and 240 values cost one by one, sent at once, in one pipeline and by MGET, over round trips of 0, 1 and 5 ms?',
  arms: [
    arm('one-by-one', 'a GET waits until the one before is answered', 'baseline'),
    arm('at-once', 'all GETs are sent before the first answer'),
    arm('pipeline', 'one pipeline of GETs'),
    arm('mget', 'one MGET'),
  ],
  load: { kind: 'closed', virtualUsers: 1 },
  updatesPerSecond: 0,
  protocol,
  pages: false,
  measures: [
    found(cellName('batchMs', 1, 240), 'batchMs', 'Time of 240 values, 1 ms away', 'ms'),
    found(cellName('batchMs', 0, 240), 'batchMsNear', 'Time of 240 values, on this host', 'ms'),
    found(cellName('roundTrips', 240), 'roundTrips', 'Round trips that 240 values wait for', ''),
  ],
  comparisons: [
    against('pipeline', 'primary'),
    against('mget', 'family'),
    against('at-once', 'family'),
  ],
  profiles: {
    headline: null,
    quick: { rounds: 1, warmSeconds: 0, measureSeconds: 1 },
    standard: { rounds: 4, warmSeconds: 0, measureSeconds: 1 },
    full: { rounds: 24, warmSeconds: 0, measureSeconds: 1 },
  },
  flagsAsMeasures: {},
  answer,
  claims,
  theory,
  caveats: [
    'The round trip is that of a link of ours, which holds replies back; bandwidth and window of a real network would add to large batches.',
    'One client asks, and nothing else: what batches do to those who wait behind them is the question of big-key.',
  ],
  charts,
};
