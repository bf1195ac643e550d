import type { Arm, Experiment, Measure } from '../../lab/experiment.ts';
import { responseMs } from '../../lab/measures.ts';
import { charts } from './charts.ts';
import { answer, claims, scores, theory } from './judgement.ts';
import {
  CLIFF_SECOND,
  FEW_STORES,
  MAX_WAIT_MS,
  REQUESTS_PER_SECOND,
  STORES,
  TRIP_MS,
  ttlMsOf,
} from './plan.ts';
import { protocol } from './protocol.ts';

/** A figure that the protocol finds once in a trial. */
function found(name: string, title: string, unit: string): Measure {
  return {
    ...{ name, title, unit, better: 'lower' },
    read: ({ findings }) => findings?.samples[name]?.[0] ?? null,
  };
}

const arm = (
  one: Pick<Arm, 'name' | 'title' | 'policy' | 'role'> &
    Partial<Pick<Arm, 'overrides' | 'parameters' | 'redis'>>,
): Arm => ({
  ...one,
  parameters: { stores: STORES, cliffSecond: CLIFF_SECOND, ...one.parameters },
  dbLatency: String(TRIP_MS),
  environment: { CACHELAB_DB_MAX_WAIT_MS: String(MAX_WAIT_MS) },
  cache: 'cold',
  expects: { selectsPerLoad: null },
});

const ttlMs = ttlMsOf(STORES);
const few = { stores: FEW_STORES };

const ARMS: Arm[] = [
  arm({
    name: 'flat',
    title: 'one TTL for all',
    policy: 'cached',
    role: 'baseline',
    overrides: { ttlMs },
  }),
  arm({
    name: 'jitter10',
    title: 'TTL ± 10 %',
    policy: 'jitter',
    role: 'candidate',
    overrides: { ttlMs, jitter: 0.1 },
  }),
  arm({
    name: 'jitter50',
    title: 'TTL ± 50 %',
    policy: 'jitter',
    role: 'candidate',
    overrides: { ttlMs, jitter: 0.5 },
  }),
  arm({
    name: 'staggered',
    title: 'one TTL, warm-up stretched over 26 s',
    policy: 'cached',
    role: 'candidate',
    overrides: { ttlMs },
    parameters: { staggerSeconds: 26 },
  }),
  arm({
    name: 'xfetch',
    title: 'early refresh by chance',
    policy: 'xfetch',
    role: 'candidate',
    // Without the preset's own jitter: one cure at a time.
    overrides: { ttlMs, jitter: 0 },
  }),
  arm({
    name: 'swr',
    title: 'old pages while they are refreshed',
    policy: 'swr',
    role: 'candidate',
    // Without the preset's own jitter: one cure at a time.
    overrides: { ttlMs, jitter: 0 },
  }),
  arm({
    name: 'redis-gone',
    title: 'Redis killed for 6 s, then empty',
    policy: 'cached',
    role: 'candidate',
    parameters: { killAtSecond: 4, backAtSecond: 10 },
    redis: 'own',
  }),
];

/** For a run of seconds: 300 stores and a TTL of 45 s. */
const SMALL_ARMS: Arm[] = [
  arm({
    name: 'flat-300',
    title: 'one TTL, 300 stores',
    policy: 'cached',
    role: 'baseline',
    overrides: { ttlMs: ttlMsOf(FEW_STORES) },
    parameters: few,
  }),
  arm({
    name: 'jitter10-300',
    title: 'TTL ± 10 %, 300 stores',
    policy: 'jitter',
    role: 'candidate',
    overrides: { ttlMs: ttlMsOf(FEW_STORES), jitter: 0.1 },
    parameters: few,
  }),
];

const main = ARMS.map(({ name }) => name);
const design = { warmSeconds: 3, measureSeconds: 22, arms: main };

const against = (candidate: string, rank: 'primary' | 'family' | 'interval only') => ({
  ...{ baseline: 'flat', candidate, measure: 'peakSelectsPerSecond', rank },
});

export const experiment: Experiment = {
  name: 'avalanche',
  title: 'When all copies end at once',
  question:
    'What happens when 1,000 pages that were cached together end together, and which cure spreads the load below what the database can do?',
  arms: [...ARMS, ...SMALL_ARMS],
  load: {
    kind: 'open',
    ratePerSecond: REQUESTS_PER_SECOND,
    arrivals: 'even',
    expectedP99Ms: MAX_WAIT_MS,
    // Each may wait for a connection and then load the largest page.
    virtualUsers: 750,
  },
  updatesPerSecond: 0,
  protocol,
  measures: [
    found('peakSelectsPerSecond', 'Highest SELECTs in one second', '/s'),
    found('peakOverMean', 'Peak over an even spread', ''),
    found('failedShare', 'Share of the pages that failed', ''),
    found('badSeconds', 'Seconds with more than 1 % of the pages failed or late', 's'),
    found('recoverySeconds', 'Time until the last such second', 's'),
    responseMs('p99Ms', 0.99, '99th percentile of the response time'),
  ],
  comparisons: [
    against('jitter10', 'primary'),
    against('jitter50', 'family'),
    against('staggered', 'family'),
    against('swr', 'family'),
    against('xfetch', 'interval only'),
    {
      baseline: 'flat-300',
      candidate: 'jitter10-300',
      measure: 'peakSelectsPerSecond',
      rank: 'interval only',
    },
  ],
  profiles: {
    headline: {
      ...{ rounds: 1, warmSeconds: 3, measureSeconds: 11 },
      arms: SMALL_ARMS.map(({ name }) => name),
    },
    quick: {
      ...{ rounds: 1, warmSeconds: 3, measureSeconds: 11 },
      arms: SMALL_ARMS.map(({ name }) => name),
    },
    standard: {
      ...{ rounds: 1, ...design },
      arms: ['flat', 'jitter10', 'swr', 'redis-gone'],
    },
    full: { rounds: 12, ...design },
  },
  flagsAsMeasures: {
    errors:
      'how many pages fail while the database is asked for more than it can do is the question',
    'not-steady': 'a cliff is what this experiment makes',
    'host-busy': 'the database at its limit keeps the machine busy; no verdict rests on a latency',
    'start-lag': 'no verdict rests on a latency',
  },
  answer,
  claims,
  theory,
  scores,
  caveats: [
    'The copies are made within seconds, then their clock is put forward so that the common end falls into the measured phase; each keeps the life that the server gave it.',
    `The database latency is ${TRIP_MS} ms per round trip in this experiment, whatever the run says, and a request waits ${MAX_WAIT_MS / 1000} s for a connection, not 2 s: the figures of the plan belong together.`,
    'Stores are asked for alike. Under a skewed popularity the rare ones are loaded later and the peak is flatter.',
  ],
  charts,
};
