import type { Arm, Experiment, Measure } from '../../lab/experiment.ts';
import { cellName } from './cells.ts';
import { charts } from './charts.ts';
import { answer, claims, theory } from './judgement.ts';
import { protocol } from './protocol.ts';
import { BATCH, POOL_SIZE } from './ways.ts';

/** A figure that a trial finds once. */
function found(
  cell: string,
  name: string,
  title: string,
  unit: string,
  better: Measure['better'],
): Measure {
  return {
    ...{ name, title, unit, better },
    read: ({ findings }) => findings?.samples[cell]?.[0] ?? null,
  };
}

function arm(name: string, title: string, rest: Partial<Arm> = {}): Arm {
  return {
    ...{ name, title, policy: 'cached', role: 'candidate', redis: 'own' },
    ...{ cache: 'cold', expects: { selectsPerLoad: null } },
    ...rest,
  };
}

const ARMS: Arm[] = [
  arm('one-by-one', 'one connection, one command at a time', { role: 'baseline' }),
  arm('pool', `${POOL_SIZE} connections, one command at a time on each`),
  arm('shared', 'one connection, commands sent as they come'),
  arm('auto-pipelined', 'one connection, commands of one moment in one pipeline'),
  arm('pipeline', `pipelines of ${BATCH}`),
  arm('mget', `MGET of ${BATCH}`),
  arm('workers', 'two threads with a connection each'),
  arm('service', 'a service whose client blocks, and one whose client does not', {
    parameters: { part: 'service' },
  }),
  arm('complexity', 'GET, SET, LRANGE and ZADD over sizes of 10 to 1 million', {
    parameters: { part: 'complexity' },
  }),
  arm('one-thread', 'heavy commands of 4 connections', { parameters: { part: 'threads' } }),
  arm('io-threads', 'heavy commands of 4 connections, with 2 I/O threads', {
    parameters: { part: 'threads' },
    redisArgs: ['--io-threads', '2', '--io-threads-do-reads', 'yes'],
  }),
];

const against = (
  baseline: string,
  candidate: string,
  rank: Experiment['comparisons'][number]['rank'],
): Experiment['comparisons'][number] => ({ baseline, candidate, measure: 'valuesPerSecond', rank });

export const experiment: Experiment = {
  name: 'clients',
  title: 'Ways to ask Redis',
  question:
    'How many values a second does each way of asking Redis carry, from 1 to 200 callers, on this host and 1 ms away; what does a client cost that blocks; and how does a command’s time grow with what is stored?',
  arms: ARMS,
  load: { kind: 'closed', virtualUsers: 1 },
  updatesPerSecond: 0,
  protocol,
  pages: false,
  measures: [
    found(
      cellName('perSecond', 1, 50),
      'valuesPerSecond',
      'Values per second, 50 callers, 1 ms away',
      '/s',
      'higher',
    ),
    found(
      cellName('perSecond', 0, 50),
      'valuesPerSecondNear',
      'Values per second, 50 callers, on this host',
      '/s',
      'higher',
    ),
    found(
      cellName('callMs', 1, 50),
      'callMs',
      'Time of a call, 50 callers, 1 ms away',
      'ms',
      'lower',
    ),
  ],
  comparisons: [
    against('one-by-one', 'shared', 'primary'),
    against('shared', 'auto-pipelined', 'family'),
    against('shared', 'mget', 'family'),
    against('shared', 'workers', 'family'),
    against('one-by-one', 'pool', 'interval only'),
    against('shared', 'pipeline', 'interval only'),
    against('pipeline', 'mget', 'interval only'),
  ],
  profiles: {
    headline: null,
    quick: {
      ...{ rounds: 1, warmSeconds: 0, measureSeconds: 0.15 },
      arms: ['one-by-one', 'shared', 'mget', 'service'],
    },
    standard: { rounds: 1, warmSeconds: 0, measureSeconds: 0.18 },
    full: { rounds: 12, warmSeconds: 0, measureSeconds: 1 },
  },
  flagsAsMeasures: {},
  answer,
  claims,
  theory,
  caveats: [
    'Closed model: each caller asks again as soon as it is answered, so a rate is what the way of asking allows and says nothing of a waiting queue. Times of a call are means by Little’s law, callers / rate.',
    'Callers, Redis and the link share the cores of one machine. “1 ms away” is a link of ours that holds replies back; bandwidth, window and loss of a real network are not in it.',
    'The services answer HTTP but do nothing else: a framework’s own work per request comes on top. Their one question waits 10 ms, as a SELECT of the story.',
    'Times per command are Redis’s own (INFO commandstats): reading the request and sending the reply are not in them.',
  ],
  charts,
};
