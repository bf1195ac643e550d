import type { Arm, Experiment, Measure } from '../../lab/experiment.ts';
import { responseMs } from '../../lab/measures.ts';
import { charts } from './charts.ts';
import { answer, claims, scores, theory } from './judgement.ts';
import {
  CONNECTIONS,
  DB_LATENCY,
  FLOOD_PER_SECOND,
  GOOD_PER_SECOND,
  KNOWN_STORES,
  MAX_WAIT_MS,
  NEGATIVE_TTL_MS,
  REPEATED,
} from './plan.ts';
import { protocol } from './protocol.ts';

/** A figure that the protocol finds once in a trial. */
function found(name: string, title: string, unit: string, better: Measure['better']): Measure {
  return {
    ...{ name, title, unit, better },
    read: ({ findings }) => findings?.samples[name]?.[0] ?? null,
  };
}

const bloom = (capacity: number): Record<string, unknown> => ({
  admission: { filter: 'bloom', capacity, falsePositiveRate: 0.01 },
});
const negative = { negativeTtlMs: NEGATIVE_TTL_MS };

function arm(
  name: string,
  title: string,
  policy: string,
  rest: Partial<Pick<Arm, 'overrides' | 'parameters' | 'role'>> = {},
): Arm {
  return {
    ...{ name, title, policy, role: 'candidate', ...rest },
    dbLatency: DB_LATENCY,
    environment: {
      CACHELAB_DB_POOL: String(CONNECTIONS),
      CACHELAB_DB_MAX_WAIT_MS: String(MAX_WAIT_MS),
    },
    redis: 'own',
    cache: 'cold',
    expects: { selectsPerLoad: null },
  };
}

const repeated = { distinct: REPEATED };

const ARMS: Arm[] = [
  arm('none-random', 'no defence, random slugs', 'cached', { role: 'baseline' }),
  arm('none-repeated', 'no defence, 10 slugs', 'cached', { parameters: repeated }),
  arm('negative-random', 'notes for 300 s, random slugs', 'negative', { overrides: negative }),
  arm('negative-repeated', 'notes for 300 s, 10 slugs', 'negative', {
    overrides: negative,
    parameters: repeated,
  }),
  arm('negative-evict', 'notes for 300 s, random slugs, 128 KiB of room', 'negative', {
    overrides: negative,
    parameters: { headroomBytes: 128 * 1024 },
  }),
  arm('bloom-random', 'filter, random slugs', 'bloom', { overrides: bloom(KNOWN_STORES) }),
  arm('bloom-repeated', 'filter, 10 slugs', 'bloom', {
    overrides: bloom(KNOWN_STORES),
    parameters: repeated,
  }),
  arm('bloom-2x', 'filter for half of the stores, random slugs', 'bloom', {
    overrides: bloom(Math.round(KNOWN_STORES / 2)),
  }),
  arm('bloom-4x', 'filter for a quarter of the stores, random slugs', 'bloom', {
    overrides: bloom(Math.round(KNOWN_STORES / 4)),
  }),
  arm('both-random', 'filter and notes, random slugs', 'bloom', {
    overrides: { ...bloom(KNOWN_STORES), ...negative },
  }),
  arm('both-repeated', 'filter and notes, 10 slugs', 'bloom', {
    overrides: { ...bloom(KNOWN_STORES), ...negative },
    parameters: repeated,
  }),
];

const against = (
  candidate: string,
  rank: 'primary' | 'family' | 'interval only',
): Experiment['comparisons'][number] => ({
  ...{ baseline: 'none-random', candidate, measure: 'goodP95Ms', rank },
});

export const experiment: Experiment = {
  name: 'penetration',
  title: 'Requests for what does not exist',
  question:
    'What do requests for stores that do not exist cost the database, Redis and the visitors of good stores, and which defence holds when no slug comes twice?',
  arms: ARMS,
  load: {
    kind: 'open',
    ratePerSecond: GOOD_PER_SECOND,
    arrivals: 'even',
    expectedP99Ms: MAX_WAIT_MS,
    virtualUsers: 80,
  },
  updatesPerSecond: 0,
  protocol,
  measures: [
    responseMs('goodP95Ms', 0.95, '95th percentile of the response time of good stores'),
    responseMs('goodP50Ms', 0.5, 'median response time of good stores'),
    found('selectsPerBadRequest', 'SELECTs per request for an absent store', '', 'lower'),
    found('goodFailedShare', 'Share of good requests that failed', '', 'lower'),
    found('goodHitShare', 'Hit ratio of good stores', '', 'higher'),
    found('bytesPerNote', 'Memory of Redis for one noted absence', 'B', 'lower'),
  ],
  comparisons: [
    against('bloom-random', 'primary'),
    against('negative-random', 'family'),
    against('both-random', 'family'),
    against('negative-evict', 'interval only'),
    against('none-repeated', 'interval only'),
    against('negative-repeated', 'interval only'),
  ],
  profiles: {
    headline: null,
    quick: {
      ...{ rounds: 1, warmSeconds: 1, measureSeconds: 4 },
      arms: ['negative-random', 'negative-repeated', 'bloom-random'],
    },
    standard: {
      ...{ rounds: 1, warmSeconds: 2, measureSeconds: 8 },
      arms: [
        ...['none-random', 'none-repeated', 'negative-random', 'negative-repeated'],
        ...['negative-evict', 'bloom-random', 'bloom-2x', 'bloom-4x', 'both-random'],
      ],
    },
    full: { rounds: 12, warmSeconds: 2, measureSeconds: 12 },
  },
  flagsAsMeasures: {
    errors: 'good pages that fail while a flood holds the connections are the question',
    'not-steady': 'caches fill, and memory runs out, while the flood lasts',
    'host-busy': 'a flood keeps the machine busy; what is counted does not depend on it',
    'start-lag': 'what is counted does not depend on it',
  },
  answer,
  claims,
  theory,
  scores,
  caveats: [
    `The server has ${CONNECTIONS} connections here, not 50, so that a laptop's flood of ${FLOOD_PER_SECOND} requests a second can take them all; a request waits ${MAX_WAIT_MS} ms for one, and the database latency is ${DB_LATENCY} ms, whatever the run says.`,
    'Good stores are asked for by Zipf’s law; the first 80 of 1,000 have copies when the flood begins, the others are loaded while it lasts.',
  ],
  charts,
};
