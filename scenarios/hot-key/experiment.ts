import type { Arm, Experiment, Measure } from '../../lab/experiment.ts';
import { charts } from './charts.ts';
import { answer, claims, theory } from './judgement.ts';
import { COPIES, LOCAL_ENTRIES, LOCAL_TTL_MS, READS_PER_SECOND } from './keys.ts';
import { protocol } from './protocol.ts';
import type { ReaderName } from './readers.ts';

function found(name: string, title: string, unit: string): Measure {
  return {
    ...{ name, title, unit, better: 'lower' },
    read: ({ findings }) => findings?.samples[name]?.[0] ?? null,
  };
}

function arm(
  name: string,
  title: string,
  reader: ReaderName,
  redis: 'own' | 'cluster',
  role: Arm['role'] = 'candidate',
): Arm {
  return {
    ...{ name, title, role, redis, policy: 'cached', parameters: { reader } },
    ...{ cache: 'cold', expects: { selectsPerLoad: null } },
  };
}

const against = (
  baseline: string,
  candidate: string,
  rank: Experiment['comparisons'][number]['rank'],
): Experiment['comparisons'][number] => ({ baseline, candidate, measure: 'busiestPerRead', rank });

export const experiment: Experiment = {
  name: 'hot-key',
  title: 'One key that everybody wants',
  question:
    'When one key takes 90 % of the reads, what share of them does the busiest node answer, plain, behind a local cache, with client-side caching and with 10 copies of the key?',
  arms: [
    arm('cluster', 'Cluster of three, plain GET', 'plain', 'cluster', 'baseline'),
    arm('cluster-copies', `Cluster of three, ${COPIES} copies`, 'copies', 'cluster'),
    arm('plain', 'one node, plain GET', 'plain', 'own'),
    arm('local', `one node, local cache of ${LOCAL_TTL_MS} ms`, 'local', 'own'),
    arm('tracking', 'one node, local cache that Redis tells of changes', 'tracking', 'own'),
    arm('copies', `one node, ${COPIES} copies`, 'copies', 'own'),
  ],
  load: {
    kind: 'open',
    ratePerSecond: READS_PER_SECOND,
    arrivals: 'even',
    expectedP99Ms: 50,
  },
  updatesPerSecond: 0,
  protocol,
  pages: false,
  measures: [
    found('busiestPerRead', 'GETs at the busiest node per read', ''),
    found('getsPerRead', 'GETs at all nodes per read', ''),
    found('busiestCpuShare', 'Share of the nodes’ CPU at the busiest', ''),
    found('staleShare', 'Share of hot reads that were old', ''),
    found('p99Ms', '99th percentile of a read', 'ms'),
  ],
  comparisons: [
    against('cluster', 'cluster-copies', 'primary'),
    against('plain', 'local', 'family'),
    against('plain', 'tracking', 'family'),
    against('plain', 'copies', 'interval only'),
  ],
  profiles: {
    headline: null,
    quick: {
      ...{ rounds: 1, warmSeconds: 0, measureSeconds: 2 },
      arms: ['cluster', 'cluster-copies', 'plain', 'local'],
    },
    standard: { rounds: 2, warmSeconds: 0, measureSeconds: 3 },
    full: { rounds: 12, warmSeconds: 0, measureSeconds: 10 },
  },
  flagsAsMeasures: {},
  answer,
  claims,
  theory,
  caveats: [
    'All nodes share one machine: what a node answers is measured, not what it could. The share of the busiest node says how much a Cluster can carry before that node is full.',
    `One process reads; each further one has a local cache of its own (${LOCAL_ENTRIES} entries), its own GETs per TTL and its own old reads.`,
    'ioredis 6 drops the RESP3 push message of client-side caching: it is used over a second connection in RESP2, on a single node.',
  ],
  charts,
};
