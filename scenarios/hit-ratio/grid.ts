import type { Arm, Load, ProfileDesign } from '../../lab/experiment.ts';

/** Keys of neighbouring popularity, judged together. */
export interface RankClass {
  name: string;
  from: number;
  to: number;
}

/** Powers of ten: under a Zipf law each has a similar share of the requests. */
export const RANK_CLASSES: readonly RankClass[] = [
  { name: 'rank 1', from: 1, to: 1 },
  { name: 'ranks 2-10', from: 2, to: 10 },
  { name: 'ranks 11-100', from: 11, to: 100 },
  { name: 'ranks 101-1000', from: 101, to: 1000 },
];

/** Neighbouring ranks that are much alike; their cycles are compared with each other. */
const STRATA_TO = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

/** All keys of an arm together. */
export const ALL: RankClass = { name: 'all', from: 1, to: Number.POSITIVE_INFINITY };

/** The stratum of a rank. */
export function stratumOf(rank: number): string {
  return `to ${STRATA_TO.find((to) => rank <= to) ?? rank}`;
}

/** The strata of a class. */
export function strataOf({ from, to }: RankClass): string[] {
  return STRATA_TO.filter((last) => last >= from && last <= to).map(stratumOf);
}

/** What an arm does, beside its policy: the values of `arm.parameters`. */
export interface Traffic {
  /** Pages in use, by Zipf's law with exponent 1; with 1 it is the page of the story. */
  stores: number;
  ratePerSecond: number;
  ttlMs: number;
  /** Changes per second, spread evenly over the `updatedStores` hottest pages. */
  updatesPerSecond: number;
  updatedStores: number;
}

/** Changes per second of each of the 100 hottest pages, where there are changes. */
const UPDATES_PER_PAGE = 0.2;
const UPDATED_STORES = 100;

/** Requests of one page within one TTL at which 99.97 % of them are hits, were its loads instant. */
export const STORY_REQUESTS_PER_TTL = 3332;
const STORY_HOUR_MS = 11_100;

function arm(
  name: string,
  title: string,
  traffic: Partial<Traffic> & Pick<Traffic, 'ratePerSecond' | 'ttlMs'>,
  rest: Partial<Pick<Arm, 'policy' | 'dbLatency' | 'role'>> = {},
): Arm {
  const parameters: Traffic = { stores: 1000, updatesPerSecond: 0, updatedStores: 0, ...traffic };
  return {
    name,
    title,
    policy: 'cached',
    // One statement a page: a thousand pages then load in a few ms each, and every load costs the same.
    overrides: { ttlMs: traffic.ttlMs, query: 'joined' },
    dbLatency: '0',
    // A Redis that answers late on a busy machine is not the question: no request is to go past the cache.
    environment: { CACHELAB_REDIS_TIMEOUT_MS: '10000' },
    parameters: { ...parameters },
    role: 'candidate',
    load: poisson(traffic.ratePerSecond),
    cache: 'cold',
    expects: { selectsPerLoad: 1 },
    ...rest,
  };
}

/** The pause of up to 1 s that makes arrivals Poisson holds a virtual user too: 1.5 users for each request per second. */
export function poisson(ratePerSecond: number): Load {
  return { kind: 'open', ratePerSecond, arrivals: 'poisson', expectedP99Ms: 500 };
}

const TTLS_MS = [250, 1000, 4000];
const RATES = [50, 200];

const seconds = (ms: number): string => `${ms / 1000} s`;

const grid = RATES.flatMap((ratePerSecond) =>
  TTLS_MS.map((ttlMs) =>
    arm(`ttl-${ttlMs}-r${ratePerSecond}`, `TTL ${seconds(ttlMs)}, ${ratePerSecond}/s`, {
      ratePerSecond,
      ttlMs,
    }),
  ),
);

const updated = (['cached', 'invalidated'] as const).flatMap((policy) =>
  TTLS_MS.map((ttlMs) =>
    arm(
      `${policy === 'cached' ? 'ttl-only' : 'del'}-${ttlMs}`,
      `TTL ${seconds(ttlMs)}${policy === 'cached' ? ' alone' : ' and DEL'}, 200/s, changes`,
      {
        ratePerSecond: 200,
        ttlMs,
        updatesPerSecond: UPDATES_PER_PAGE * UPDATED_STORES,
        updatedStores: UPDATED_STORES,
      },
      { policy },
    ),
  ),
);

/** One statement is one round trip. */
const slow = (['cached', 'single-flight'] as const).map((policy) =>
  arm(
    policy === 'cached' ? 'slow' : 'slow-shared',
    `TTL 1 s, 200/s, loads of 0.15 s${policy === 'cached' ? '' : ', shared'}`,
    { ratePerSecond: 200, ttlMs: 1000 },
    { policy, dbLatency: '150' },
  ),
);

const story = [
  arm(
    'story-hour',
    'the story’s page, TTL 1 h in 11.1 s',
    {
      stores: 1,
      ttlMs: STORY_HOUR_MS,
      ratePerSecond: Math.round((STORY_REQUESTS_PER_TTL / STORY_HOUR_MS) * 1000),
    },
    { role: 'baseline' },
  ),
  arm('story-minute', 'the same traffic, TTL 1 min in 0.185 s', {
    stores: 1,
    ttlMs: STORY_HOUR_MS / 60,
    ratePerSecond: Math.round((STORY_REQUESTS_PER_TTL / STORY_HOUR_MS) * 1000),
  }),
  arm('story-quiet', 'one request per TTL of 1 min', {
    stores: 1,
    ttlMs: STORY_HOUR_MS / 60,
    ratePerSecond: 5.4,
  }),
];

/** TTL x rate x changes, loads that take long, and the story's page in compressed time. */
export const ARMS: Arm[] = [...story, ...grid, ...updated, ...slow];

/** What the arm of that name does; null for a name that no arm has, as in records from before it was renamed. */
export function trafficOf(name: string): Traffic | null {
  const found = ARMS.find((one) => one.name === name);
  // The parameters of every arm above are a `Traffic`.
  return found === undefined ? null : (found.parameters as unknown as Traffic);
}

/**
 * Warm-up and measured phase. Copies begin at random moments of the warm-up's first TTL, then half a TTL passes, so that
 * the measured phase begins in the stationary state. One page alone gets three cycles of its copy, and 100 requests.
 */
export function phasesOf(
  traffic: Traffic,
  design: Pick<ProfileDesign, 'warmSeconds' | 'measureSeconds'>,
): { warmSeconds: number; measureSeconds: number } {
  const ttlSeconds = traffic.ttlMs / 1000;
  const pause = 1 / traffic.ratePerSecond;
  const least = traffic.stores === 1 ? Math.max(3 * (ttlSeconds + pause), 100 * pause) : 0;
  return {
    warmSeconds: design.warmSeconds + 1.5 * ttlSeconds,
    measureSeconds: Math.ceil(Math.max(design.measureSeconds, least)),
  };
}

/** Classes that an arm with so many pages has. */
export function classesOf(stores: number): readonly RankClass[] {
  return stores === 1 ? [ALL] : [...RANK_CLASSES, ALL];
}
