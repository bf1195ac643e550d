import type { Analysed, Experiment, Measure } from '../../lab/experiment.ts';
import { responseMs } from '../../lab/measures.ts';
import type { Score } from '../../lab/result.ts';
import { milliseconds, plural } from '../../reports/format.ts';
import { ARMS, type Fault, LOAD, type MatrixPolicy, nameOf, POLICIES } from './arms.ts';
import { charts } from './charts.ts';
import { protocol } from './protocol.ts';
import { type Cell, cellsOf, holds } from './verdict.ts';

const measures: [Measure, ...Measure[]] = [
  {
    name: 'lostPercent',
    title: 'changes lost',
    unit: '%',
    better: 'lower',
    read: ({ findings }) => {
      const { writes = 0, lost = 0 } = findings?.totals ?? {};
      return writes === 0 ? null : (100 * lost) / writes;
    },
  },
  {
    name: 'longestRepairMs',
    title: 'longest repair after change and heal',
    unit: 'ms',
    better: 'lower',
    read: ({ findings }) =>
      findings === undefined ? null : Math.max(0, ...(findings.samples['repairMs'] ?? [])),
  },
  {
    name: 'longestStaleMs',
    title: 'longest staleness, the fault included',
    unit: 'ms',
    better: 'lower',
    read: ({ findings }) => findings?.samples['longestAgeMs']?.[0] ?? null,
  },
  responseMs('p50Ms', 0.5, 'median response time'),
];

/** The faults that tell most, each with a policy that falls and one that stands. */
const STANDARD = (
  [
    ['listener-killed', 'event-driven', 'outbox', 'hardened'],
    ['listener-black-hole', 'event-driven', 'hardened'],
    ['invalidator-cut', 'event-driven', 'hardened'],
    ['psql-edit', 'invalidated', 'hardened'],
    ['app-killed', 'lease', 'hardened'],
    ['old-snapshot', 'lease', 'hardened'],
    ['flushed-mid-fill', 'fence', 'hardened'],
    ['postgres-down', 'event-driven', 'hardened'],
  ] as [Fault, ...MatrixPolicy[]][]
).flatMap(([fault, ...policies]) => policies.map((policy) => nameOf(policy, fault)));

export const experiment: Experiment = {
  name: 'failure-matrix',
  title: 'What breaks, and what is left of a change',
  question:
    'A process is killed, a link is cut, a server comes back with old data: which policy goes on showing the old price, and for how long after all is well again?',
  load: LOAD,
  updatesPerSecond: 0,
  arms: ARMS,
  protocol,
  measures,
  comparisons: [
    {
      baseline: nameOf('event-driven', 'listener-killed'),
      candidate: nameOf('outbox', 'listener-killed'),
      measure: 'longestStaleMs',
      rank: 'interval only',
    },
  ],
  profiles: {
    headline: null,
    quick: {
      rounds: 1,
      warmSeconds: 1,
      measureSeconds: 8,
      arms: [nameOf('event-driven', 'listener-killed'), nameOf('outbox', 'listener-killed')],
    },
    standard: { rounds: 1, warmSeconds: 1, measureSeconds: 8, arms: STANDARD },
    full: { rounds: 3, warmSeconds: 1, measureSeconds: 11 },
  },
  flagsAsMeasures: {
    errors: 'pages fail while a service that they need is away',
    dropped: 'arrivals find no free user while a service is away',
    'achieved-rate': 'pages wait or fail while a service is away',
    'host-busy': 'reads are judged by their versions, not by their times',
    'foreign-cpu': 'reads are judged by their versions, not by their times',
    'start-lag': 'reads are judged by their versions, not by their times',
    'not-steady': 'the fault is what is looked at',
    'witnesses-disagree': 'statements are ended on their way, and servers with their counts',
  },
  answer,
  claims: () => [],
  scores,
  caveats: [
    'One scripted fault a trial on one machine; each store is changed once, during the fault, so that no later change repairs what was lost.',
    'Lost means: the last page that was read, seconds after the heal, still missed the change; with a TTL of 1 h it would for up to an hour.',
    'Failover by Sentinel and Cluster is not in it, nor are two faults at once.',
    'A Postgres that is down is played by ending the sessions of all servers every few milliseconds; changes are then made by a session that is spared.',
  ],
  charts,
};

function answer(analysis: Analysed): string {
  const cells = cellsOf(analysis);
  if (cells.length === 0) return 'No answer: no valid trial.';
  const parts = POLICIES.flatMap((policy) => {
    const own = cells.filter((cell) => cell.policy === policy);
    return own.length === 0 ? [] : [`${policy} ${sentence(own)}`];
  });
  return `Changes made during a fault and lost after it: ${parts.join('; ')}.`;
}

function sentence(cells: readonly Cell[]): string {
  const changes = cells.reduce((sum, cell) => sum + cell.changes, 0);
  const lost = cells.reduce((sum, cell) => sum + cell.lost, 0);
  const longestMs = Math.max(...cells.map((cell) => cell.longestMs));
  const faults = plural(cells.length, 'fault');
  return lost === 0
    ? `0 of ${changes} (${faults}; at most ${milliseconds(longestMs)} after the heal)`
    : `${lost} of ${changes} (${faults})`;
}

function scores(analysis: Analysed): Score[] {
  return POLICIES.flatMap((policy) => {
    const own = cellsOf(analysis).filter((cell) => cell.policy === policy);
    if (own.length === 0) return [];
    const broken = own.filter((cell) => !holds(cell));
    return [
      {
        policy,
        disease: 'staleness' as const,
        words:
          broken.length === 0
            ? `stands ${plural(own.length, 'fault')} of ${own.length}`
            : `loses changes in ${broken.length} of ${plural(own.length, 'fault')}`,
        estimate: null,
        tone: broken.length === 0 ? ('good' as const) : ('bad' as const),
      },
    ];
  });
}
