import type { Arm } from '../../lab/experiment.ts';

/** Readers of a burst: below the 50 connections of the pool, so that nobody waits for one. */
export const READERS = 40;
/**
 * Reads per second of the open shape. Without defence all of them load while the page is gone, at some 40 ms of CPU each:
 * with 2 cores, 50 a second would never catch up.
 */
export const RATE = 25;

/** What all arms have in common. */
const PAGE = {
  role: 'candidate',
  cache: 'prime',
  pool: 'unbounded',
  expects: { selectsPerLoad: 114 },
} as const;

/**
 * A policy under bursts, on 1 and on 4 processes.
 * @param parts.stretch - Time that a burst needs over that of one load alone.
 */
function bursts(
  policy: string,
  title: string,
  parts: { stretch?: number; parameters?: Arm['parameters'] } = {},
): Arm[] {
  const { stretch = 1.2 } = parts;
  const one: Arm = {
    ...PAGE,
    name: policy,
    title,
    policy,
    parameters: { ...parts.parameters, readers: READERS, stretch },
  };
  return [one, { ...one, name: `${policy}-x4`, title: `${title}, 4 processes`, processes: 4 }];
}

/** Old copies are sent past their life: such bursts come when it is over, not when the copy is gone. */
const LOGICAL = { parameters: { expiry: 'logical' } };

const burstArms: Arm[] = [
  ...bursts('cached', 'no defence', { stretch: 1.7 }),
  ...bursts('lock-naive', 'lock as published', { stretch: 1.7 }),
  ...bursts('lock', 'lock'),
  ...bursts('single-flight', 'single-flight'),
  ...bursts('lock+single-flight', 'lock + single-flight'),
  ...bursts('lease', 'lease'),
  ...bursts('swr', 'stale-while-revalidate', LOGICAL),
  ...bursts('refresh-ahead', 'refresh-ahead'),
  ...bursts('xfetch', 'XFetch', { stretch: 1.7 }),
  ...bursts('hardened', 'all together', LOGICAL),
];

/** A policy under Poisson arrivals, whose copies expire by themselves. */
function open(
  policy: string,
  title: string,
  ttlMs: number,
  parts: Partial<Arm> & { rate?: number; slowestMs?: number } = {},
): Arm {
  const { rate = RATE, slowestMs = 2500, parameters, ...rest } = parts;
  return {
    ...PAGE,
    name: `${policy}-open`,
    title: `${title}, open arrivals`,
    policy,
    overrides: { ttlMs },
    load: {
      kind: 'open',
      ratePerSecond: rate,
      arrivals: 'poisson',
      expectedP99Ms: slowestMs / 3,
      // A user waits for up to 1 s before his request, and then for the page.
      virtualUsers: Math.ceil(rate * (1 + slowestMs / 1000)),
    },
    ...rest,
    parameters: { ...parameters, shape: 'open' },
  };
}

const openArms: Arm[] = [
  open('cached', 'no defence', 4000, { parameters: { heat: true } }),
  // Many who wait, in several processes and looking at different moments: now and then one is just between his two
  // looks. Rare, so the copies live no longer than it takes to be sure that they were there.
  ...(['lock-naive', 'lock'] as const).map((policy) =>
    open(policy, policy === 'lock' ? 'lock, 4 processes' : 'lock as published, 4 processes', 2200, {
      name: `${policy}-open-x4`,
      processes: 4,
      rate: 80,
    }),
  ),
  open('lease', 'lease', 3500),
  open('swr', 'stale-while-revalidate', 3500),
  // A fifth of the life must be longer than a load, or the copy ends before it is refreshed.
  open('refresh-ahead', 'refresh-ahead', 6000),
  open('hardened', 'all together', 3500, { parameters: { heat: true } }),
  open('hardened', 'all together, 4 processes', 3500, { name: 'hardened-open-x4', processes: 4 }),
  // λβΔ of 22, as few loads a second as that allows, and lives in which no refresh follows the last one at once.
  open('xfetch', 'XFetch', 5500, { rate: 36, slowestMs: 1200, dbLatency: '5' }),
  open('xfetch', 'XFetch, β = 2', 5000, {
    name: 'xfetch-2-open',
    overrides: { ttlMs: 5000, xfetchBeta: 2 },
    rate: 40,
    slowestMs: 1200,
    dbLatency: '2',
  }),
];

/** A lock that ends long before the load: 116 round trips of 8 ms take 2.3 to 2.7 times as long. */
const SHORT_LOCK = {
  ...PAGE,
  overrides: { lockTtlMs: 400 },
  dbLatency: '8',
  parameters: { readers: 20, stretch: 2, watchLock: true, lockTtlMs: 400 },
} as const;

const LOCK_TTL_MS = 2000;

const faultArms: Arm[] = [
  { ...SHORT_LOCK, name: 'lock-short', title: 'lock shorter than the load', policy: 'lock' },
  {
    ...SHORT_LOCK,
    name: 'lock-naive-short',
    title: 'lock as published, shorter than the load',
    policy: 'lock-naive',
  },
  {
    ...PAGE,
    name: 'lock-dead-holder',
    title: 'lock whose holder dies',
    policy: 'lock',
    processes: 4,
    overrides: { lockTtlMs: LOCK_TTL_MS },
    parameters: { shape: 'dead holder', lockTtlMs: LOCK_TTL_MS },
  },
  ...(
    [
      ['lock-naive', 'lock as published', {}],
      ['lock', 'lock', {}],
      ['lock+single-flight', 'lock + single-flight', {}],
      ['hardened', 'all together', LOGICAL],
    ] as const
  ).map(
    ([policy, title, parts]): Arm => ({
      ...PAGE,
      ...parts,
      name: `${policy}-failing`,
      title: `${title}, loads fail`,
      policy,
      parameters: { ...('parameters' in parts ? parts.parameters : {}), fault: true },
    }),
  ),
];

/** More readers than connections: what they wait for first is not the page. */
const overPool: Arm = {
  ...PAGE,
  name: 'cached-over-pool',
  title: 'no defence, more readers than connections',
  policy: 'cached',
  parameters: { readers: 75, stretch: 3, mostRepetitions: 5 },
};

export const ARMS: Arm[] = [...burstArms, ...openArms, ...faultArms, overPool].map((arm) =>
  arm.name === 'cached' ? { ...arm, role: 'baseline' } : arm,
);

/** Names of the arms under bursts without a fault. */
export const BURST_ARMS: readonly string[] = burstArms.map(({ name }) => name);
