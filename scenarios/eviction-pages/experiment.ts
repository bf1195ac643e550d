import type { Arm, Experiment, Measure } from '../../lab/experiment.ts';
import { responseMs } from '../../lab/measures.ts';
import { charts } from './charts.ts';
import { answer, claims } from './judgement.ts';
import { protocol, ROOM_BYTES, STORES } from './protocol.ts';

function arm(name: string, title: string, role: Arm['role']): Arm {
  return {
    ...{ name, title, role, policy: 'cached', redis: 'own', cache: 'cold', dbLatency: '0' },
    // One statement a page, and a copy that outlives the trial: a miss is a copy that was not there.
    overrides: { query: 'joined', ttlMs: 3_600_000 },
    environment: { CACHELAB_REDIS_TIMEOUT_MS: '10000' },
    expects: { selectsPerLoad: 1 },
  };
}

function found(name: string, title: string, better: Measure['better']): Measure {
  return {
    ...{ name, title, unit: '', better },
    read: ({ findings }) => findings?.samples[name]?.[0] ?? null,
  };
}

export const experiment: Experiment = {
  name: 'eviction-pages',
  title: 'What a visitor notices when Redis is full',
  question: 'Does a page fail when Redis has no room for its copy?',
  arms: [
    arm('allkeys-lru', 'full, allkeys-lru', 'baseline'),
    arm('noeviction', 'full, noeviction', 'candidate'),
    arm('room', 'room for all', 'bound'),
  ],
  load: { kind: 'open', ratePerSecond: 100, arrivals: 'even', expectedP99Ms: 500 },
  updatesPerSecond: 0,
  protocol,
  measures: [
    found('failedShare', 'share of pages that failed', 'lower'),
    found('hitRatio', 'hit ratio', 'higher'),
    responseMs('p95Ms', 0.95, '95th percentile of the response time'),
  ],
  comparisons: [],
  profiles: {
    headline: null,
    quick: { rounds: 1, warmSeconds: 3, measureSeconds: 5, arms: ['noeviction', 'allkeys-lru'] },
    standard: { rounds: 1, warmSeconds: 4, measureSeconds: 10 },
    full: { rounds: 4, warmSeconds: 5, measureSeconds: 20 },
  },
  flagsAsMeasures: {
    errors: 'whether pages fail is the question',
    'host-busy': 'pages are counted; response times are shown without a verdict',
    'foreign-cpu': 'pages are counted; response times are shown without a verdict',
    'start-lag': 'pages are counted; response times are shown without a verdict',
    'not-steady': 'the cache fills while the load lasts',
  },
  answer,
  claims,
  caveats: [
    `${STORES} stores by Zipf’s law, and ${ROOM_BYTES / 1024} KiB of room, so that a short trial fills it. The hit ratio is of a cache that is filling; what policies do in the long run is the experiment eviction.`,
    'Pages are loaded by one statement without added latency: a database that bears the misses. One that does not bear them sheds pages, whatever Redis answers.',
  ],
  charts,
};
