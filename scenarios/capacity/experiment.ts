import { armOf, comparisonOf, figure, times } from '../../lab/claims.ts';
import type { Analysed, Experiment, Load } from '../../lab/experiment.ts';
import { highestPass } from '../../lab/measures.ts';
import { charts } from './charts.ts';

const search = (startRatePerSecond: number, maxRatePerSecond: number): Load => ({
  kind: 'search',
  p95LimitMs: 200,
  startRatePerSecond,
  maxRatePerSecond,
  precision: 1.1,
});

export const experiment: Experiment = {
  name: 'capacity',
  title: 'The highest rate that keeps p95 under 200 ms',
  question:
    'How many pages per second can one server process give with a 95th percentile under 200 ms?',
  load: search(1000, 16_000),
  updatesPerSecond: 0,
  arms: [
    {
      name: 'uncached',
      title: 'no cache, 114 SELECTs',
      policy: 'uncached',
      role: 'baseline',
      load: search(8, 200),
      cache: 'cold',
      expects: { selectsPerLoad: 114 },
    },
    {
      name: 'joined',
      title: 'no cache, one joined statement',
      policy: 'joined',
      role: 'candidate',
      load: search(100, 4000),
      cache: 'cold',
      expects: { selectsPerLoad: 1 },
    },
    {
      name: 'cached',
      title: 'cache-aside, all hits',
      policy: 'cached',
      role: 'candidate',
      cache: 'prime',
      expects: { selectsPerLoad: 114 },
    },
    {
      name: 'static',
      title: 'the same bytes from memory (the bound)',
      policy: 'static',
      role: 'bound',
      cache: 'prime',
      expects: { selectsPerLoad: 114 },
    },
  ],
  measures: [highestPass],
  comparisons: [
    {
      baseline: 'joined',
      candidate: 'cached',
      measure: 'highestPassPerSecond',
      rank: 'interval only',
    },
    {
      baseline: 'static',
      candidate: 'cached',
      measure: 'highestPassPerSecond',
      rank: 'interval only',
    },
  ],
  profiles: {
    headline: null,
    quick: { rounds: 1, warmSeconds: 0.5, measureSeconds: 2, arms: ['cached'] },
    standard: {
      ...{ rounds: 1, warmSeconds: 1, measureSeconds: 3 },
      arms: ['uncached', 'joined', 'cached'],
    },
    full: { rounds: 12, warmSeconds: 2, measureSeconds: 8 },
  },
  flagsAsMeasures: {
    'host-busy': 'a search for the limit fills the machine on purpose',
    'generator-cpu': 'where the generator is the limit, the figure is given as a lower bound',
    'start-lag': 'a probe past capacity starts requests late',
    'not-steady': 'probes past capacity do not settle',
    dropped: 'a probe past capacity drops arrivals, and fails by it',
    'achieved-rate': 'a probe past capacity misses its rate, and fails by it',
    errors: 'a probe past capacity is shed, and fails by it',
  },
  answer,
  claims: () => [],
  caveats: [
    'Generator, server, Redis and Postgres share the same cores: a server on a machine of its own would give more.',
    'A capacity in brackets is the range between the highest rate that passed and the lowest that failed.',
  ],
  charts,
};

function answer(analysis: Analysed): string {
  const arm = armOf(analysis, 'cached');
  if (arm === null || arm.search === null || arm.search.highestPass.n === 0)
    return 'No answer: no valid search on the cached page.';
  const bound = arm.search.limitedBy === 'generator' ? 'at least ' : '';
  const hint = arm.search.limitedBy === 'generator' ? ' (generator-limited)' : '';
  const ratio = comparisonOf(analysis, 'joined', 'cached', 'highestPassPerSecond')?.ratio ?? null;
  const more = ratio === null ? '' : `, ${times(ratio)} times the joined statement`;
  return `One server process gives ${bound}${figure(arm.search.highestPass.value)} cached pages/s with p95 under 200 ms${hint}${more}.`;
}
