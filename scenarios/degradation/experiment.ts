import type { Experiment, Measure } from '../../lab/experiment.ts';
import type { Measurement } from '../../lab/result.ts';
import { ARMS, type Fault, LOAD, nameOf, type Protection } from './arms.ts';
import { tailOf } from './cells.ts';
import { charts } from './charts.ts';
import { answer, claims } from './judgement.ts';
import { protocol } from './protocol.ts';

const sample =
  (name: string) =>
  ({ findings }: Measurement): number | null =>
    findings?.samples[name]?.[0] ?? null;

const measures: [Measure, ...Measure[]] = [
  {
    name: 'availabilityPercent',
    title: 'pages within 2 s, from the fault on',
    unit: '%',
    better: 'higher',
    read({ findings }) {
      const {
        faultPages = 0,
        afterPages = 0,
        faultAnswered = 0,
        afterAnswered = 0,
      } = findings?.totals ?? {};
      const pages = faultPages + afterPages;
      return pages === 0 ? null : (100 * (faultAnswered + afterAnswered)) / pages;
    },
  },
  {
    name: 'faultTailMs',
    title: 'slow pages during the fault (p95, p99 of many)',
    unit: 'ms',
    better: 'lower',
    read({ findings }) {
      const { totals = {}, samples = {} } = findings ?? {};
      const quiet = { times: samples['quietMs'] ?? [], failed: totals['quietFailed'] ?? 0 };
      const fault = { times: samples['faultMs'] ?? [], failed: totals['faultFailed'] ?? 0 };
      return tailOf(quiet, fault)?.faultMs ?? null;
    },
  },
  {
    name: 'recoverySeconds',
    title: 'until well again after the heal',
    unit: 's',
    better: 'lower',
    read: sample('recoverySeconds'),
  },
  {
    name: 'mostWaiting',
    title: 'longest queue for a connection',
    unit: 'callers',
    better: 'lower',
    read: sample('mostWaiting'),
  },
];

/** The faults that tell most, each with the steps of the ladder that matter to it. */
const STANDARD = (
  [
    ['redis-frozen', 'none', 'timeout', 'breaker', 'full'],
    ['redis-killed', 'none', 'full'],
    ['postgres-slow', 'none', 'full'],
    ['both-away', 'none', 'full'],
  ] as [Fault, ...Protection[]][]
).flatMap(([fault, ...protections]) => protections.map((one) => nameOf(one, fault)));

const design = { rounds: 1, warmSeconds: 1, measureSeconds: 11 };

export const experiment: Experiment = {
  name: 'degradation',
  title: 'When the page’s services fail',
  question:
    'Redis or Postgres dies, hangs or slows down below a steady load: how many readers still get a page, how much longer does it take, and when is all well again?',
  load: LOAD,
  updatesPerSecond: 0,
  arms: ARMS,
  protocol,
  measures,
  comparisons: [
    {
      baseline: nameOf('none', 'redis-frozen'),
      candidate: nameOf('full', 'redis-frozen'),
      measure: 'availabilityPercent',
      rank: 'interval only',
    },
  ],
  profiles: {
    headline: null,
    quick: {
      ...design,
      arms: [nameOf('none', 'redis-frozen'), nameOf('full', 'redis-frozen')],
    },
    standard: { ...design, arms: STANDARD },
    full: { ...design, rounds: 3 },
  },
  flagsAsMeasures: {
    errors: 'how many pages fail while a service is away is the question',
    dropped: 'arrivals that find no free user while pages hang count as pages without an answer',
    'achieved-rate': 'pages wait or fail while a service is away',
    'not-steady': 'the fault is what is looked at',
    'witnesses-disagree': 'statements are ended on their way',
  },
  answer,
  claims,
  caveats: [
    'One server process, 20 stores, 100 pages/s below what the database loads, one statement a page and 5 ms of database latency, whatever the run says: the figures of the plan belong together.',
    'Copies live for 1 to 3 s, so that every fault meets pages that have to be loaded; with long lives a fault of the database is hardly noticed.',
    'Slow and flapping services are made by a TCP link on loopback; a Postgres that restarts is played by ending the sessions and refusing new ones, which is what a server sees of it.',
    'An old page from memory is an old page: up to 10 min old here, by configuration; how many were sent is in the table.',
    'With a restarted or second server process the memory is empty: what was never read there has no old page.',
  ],
  charts,
};
