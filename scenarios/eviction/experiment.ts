import type { Arm, Experiment, Measure } from '../../lab/experiment.ts';
import { charts } from './charts.ts';
import { answer, claims, theory } from './judgement.ts';
import { CLOCK_FACTOR, REQUESTS, SEEDS, STORES } from './plan.ts';
import { protocol } from './protocol.ts';
import { VETERANS_CLOCK_FACTOR } from './veterans.ts';

function arm(
  name: string,
  title: string,
  rest: Partial<Pick<Arm, 'parameters' | 'redisClockFactor' | 'role'>>,
): Arm {
  return {
    ...{ name, title, policy: 'cached', role: 'candidate', redis: 'own' },
    ...{ cache: 'cold', expects: { selectsPerLoad: null }, ...rest },
  };
}

/** Replays at the accelerated clock. */
function replay(name: string, title: string, parameters: Arm['parameters']): Arm {
  return arm(name, title, { redisClockFactor: CLOCK_FACTOR, parameters: { ...parameters } });
}

const zipf = { workload: 'zipf', share: 0.2 } as const;

const ARMS: Arm[] = [
  replay('zipf-5', 'Zipf, room for 5 %', { workload: 'zipf', share: 0.05, cells: 'few', seeds: 3 }),
  replay('zipf-20', 'Zipf, room for 20 %', { ...zipf, curves: true }),
  replay('zipf-50', 'Zipf, room for 50 %', {
    workload: 'zipf',
    share: 0.5,
    cells: 'few',
    seeds: 3,
  }),
  replay('scan-20', 'Zipf and a crawler, room for 20 %', { workload: 'scan', share: 0.2 }),
  replay('shifting-20', 'moving hot set, room for 20 %', { workload: 'shifting', share: 0.2 }),
  replay('half-ttl-20', 'Zipf, half of the keys have a TTL', {
    ...{ ...zipf, volatileShare: 0.5, cells: 'volatile', seeds: 3 },
  }),
  replay('samples-zipf', 'Zipf, 3, 5 and 10 samples', { ...zipf, cells: 'samples', seeds: 3 }),
  replay('samples-scan', 'crawler, 3, 5 and 10 samples', {
    ...{ workload: 'scan', share: 0.2, cells: 'samples' },
  }),
  replay('samples-shifting', 'moving hot set, 3, 5 and 10 samples', {
    ...{ workload: 'shifting', share: 0.2, cells: 'samples' },
  }),
  arm('fast-replay', 'Zipf at full speed and the real clock', {
    parameters: { ...zipf, cells: 'clock', seeds: 3 },
  }),
  arm('paced', 'Zipf, paced, the real clock', {
    parameters: { ...zipf, cells: 'clock', paced: true },
  }),
  arm('veterans', 'used 1,000 times, against touched once just now', {
    redisClockFactor: VETERANS_CLOCK_FACTOR,
  }),
  arm('sampling', 'what an eviction costs', {}),
];

/** Mean over the seeds of a trial. */
function hitRatio(name: string, policy: string): Measure {
  return {
    ...{ name, title: `hit ratio under ${policy}`, unit: '', better: 'higher' },
    read({ findings }) {
      const values = findings?.samples[`hitRatio ${policy}`] ?? [];
      return values.length === 0 ? null : values.reduce((sum, one) => sum + one, 0) / values.length;
    },
  };
}

const design = { rounds: 1, warmSeconds: 0, measureSeconds: 0 };

export const experiment: Experiment = {
  name: 'eviction',
  title: 'What Redis evicts when memory runs short',
  question:
    'Which maxmemory-policy keeps the pages that are asked for, at how much memory, and what does it cost?',
  pages: false,
  arms: ARMS,
  load: { kind: 'closed', virtualUsers: 1 },
  updatesPerSecond: 0,
  protocol,
  measures: [
    hitRatio('lruHitRatio', 'allkeys-lru'),
    hitRatio('lfuHitRatio', 'allkeys-lfu'),
    hitRatio('randomHitRatio', 'allkeys-random'),
  ],
  comparisons: [],
  profiles: {
    headline: null,
    quick: { ...design, arms: ['zipf-20', 'fast-replay', 'veterans'] },
    standard: {
      ...design,
      arms: ARMS.map(({ name }) => name).filter(
        (name) => !['paced', 'samples-scan', 'samples-shifting'].includes(name),
      ),
    },
    full: { ...design, rounds: 4 },
  },
  flagsAsMeasures: {
    'host-busy': 'hits are counted, not timed; CPU is the server’s own account of it',
    'foreign-cpu': 'hits are counted, not timed; CPU is the server’s own account of it',
  },
  answer,
  claims,
  theory,
  caveats: [
    `A replay is ${REQUESTS.toLocaleString('en-US')} requests for ${STORES.toLocaleString('en-US')} stores in pipelines of 100 against a Redis whose clock runs ${CLOCK_FACTOR.toLocaleString('en-US')} times as fast as ours: LRU’s seconds and LFU’s minutes pass as on a platform of 150 requests/s. Where the machine is slower than that, more of its time passes a request; the findings say how much.`,
    `${SEEDS} seeds a trial: other requests, other TTLs, the same for every policy; intervals are over seeds, of one machine and one version of Redis.`,
    'Pages are keys of one size, 500 bytes, and all have a TTL that never ends here; pages of many sizes evict unevenly, and TTLs that end make room of their own.',
    'CPU of an eviction includes freeing the victim, and is the difference of two costs: below a tenth of a microsecond it says nothing.',
  ],
  charts,
};
