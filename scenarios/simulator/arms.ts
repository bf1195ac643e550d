import type { Arm, ProfileDesign } from '../../lab/experiment.ts';
import { experiment as avalanche } from '../avalanche/experiment.ts';
import { ARMS as TTL_ARMS } from '../hit-ratio/grid.ts';
import { ARMS as STAMPEDE_ARMS } from '../stampede/arms.ts';

/** Which part of the simulator an arm is held against: a cache with TTLs, the expiries of one page, or those of many at once. */
const MODELS = ['ttl', 'expiry', 'avalanche'] as const;
export type Model = (typeof MODELS)[number];

/** An arm of another experiment, whose protocol it runs. @param share - Of the profile’s seconds. */
function lent(model: Model, share: number, arm: Arm): Arm {
  return { ...arm, role: 'candidate', parameters: { ...arm.parameters, model, share } };
}

function named(arms: readonly Arm[], name: string): Arm {
  const found = arms.find((arm) => arm.name === name);
  if (found === undefined) throw new Error(`no arm ${name}`);
  return found;
}

const ttlArms = [
  ...['ttl-250-r200', 'ttl-1000-r200', 'ttl-4000-r200', 'ttl-only-1000', 'ttl-only-4000'],
  ...['del-1000', 'slow'],
].map((name) => lent('ttl', 1 / 3, named(TTL_ARMS, name)));

/** Shorter lives than in the stampede itself: more expiries in a trial, so that one trial says as much as the prediction. */
const lives = { ttlMs: 2500 };
const open = named(STAMPEDE_ARMS, 'lease-open');

const expiryArms = [
  lent('expiry', 1, {
    ...named(STAMPEDE_ARMS, 'cached-open'),
    overrides: lives,
    parameters: { shape: 'open' },
  }),
  lent('expiry', 1 / 2, {
    ...open,
    name: 'single-flight-open-x4',
    title: 'single-flight, open arrivals, 4 processes',
    policy: 'single-flight',
    overrides: lives,
    processes: 4,
  }),
  lent('expiry', 1 / 2, named(STAMPEDE_ARMS, 'lock-open-x4')),
  lent('expiry', 1 / 2, { ...open, overrides: lives }),
  // Loads per refresh vary by 80 % of their mean under β = 1, by 60 % under β = 2. Loads of one statement of 30 ms let some
  // 100 refreshes into a trial, each more than a quarter of a second apart from the next.
  lent('expiry', 2, {
    ...named(STAMPEDE_ARMS, 'xfetch-2-open'),
    overrides: { ttlMs: 680, xfetchBeta: 2, query: 'joined' },
    dbLatency: '30',
    expects: { selectsPerLoad: 1 },
    load: {
      kind: 'open',
      ratePerSecond: 200,
      arrivals: 'poisson',
      expectedP99Ms: 300,
      virtualUsers: 260,
    },
  }),
];

const avalancheArms = (
  [
    ['flat-300', 1 / 2],
    ['jitter10-300', 1 / 2],
    ['jitter10', 11 / 12],
  ] as const
).map(([name, share]) =>
  lent('avalanche', share, { ...named(avalanche.arms, name), load: avalanche.load }),
);

export const ARMS: Arm[] = [...ttlArms, ...expiryArms, ...avalancheArms];

/** What an arm is held against. */
export function modelOf({ name, parameters }: Arm): Model {
  const model = MODELS.find((one) => one === parameters?.['model']);
  if (model === undefined)
    throw new Error(`${name}: parameters.model must be one of ${MODELS.join(', ')}`);
  return model;
}

/** Copies of 300 stores end from second 1.5 to 10.5. */
const LEAST_AVALANCHE_SECONDS = 12;

/** The profile’s phases, with the arm’s share of its seconds. */
export function designOf(arm: Arm, design: ProfileDesign): ProfileDesign {
  const share = Number(arm.parameters?.['share'] ?? 1);
  const least = modelOf(arm) === 'avalanche' ? LEAST_AVALANCHE_SECONDS : 1;
  return { ...design, measureSeconds: Math.max(least, Math.round(design.measureSeconds * share)) };
}
