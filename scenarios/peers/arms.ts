import type { Arm } from '../../lab/experiment.ts';

/** The libraries of `peers/`. */
export const LIBRARIES: readonly string[] = [
  'bentocache',
  'async-cache-dedupe',
  'cacheable',
  'cache-manager',
  'cachified',
];

/** Server processes of the arms that look at stampede and stale set. */
export const PROCESSES = 4;

const common = { cache: 'prime', expects: { selectsPerLoad: 114 } } as const;

/** Hits: one process, so that its idle brothers do not count. */
const HITS: Arm[] = [
  { ...common, name: 'cached', title: 'our cache-aside', policy: 'cached', role: 'baseline' },
  {
    ...common,
    name: 'cached-identity',
    title: 'our cache-aside, bodies not compressed',
    policy: 'cached',
    overrides: { body: 'identity' },
    role: 'candidate',
  },
  { ...common, name: 'hardened', title: 'hardened', policy: 'hardened', role: 'candidate' },
  ...LIBRARIES.map(
    (library): Arm => ({
      ...common,
      name: library,
      title: `${library}, Redis store`,
      policy: library,
      program: 'peers',
      role: 'candidate',
    }),
  ),
];

/** Bursts and edits; the readers on a schedule only keep the page warm. */
const FOUR: Arm[] = [
  { policy: 'invalidated', program: 'store' as const },
  { policy: 'hardened', program: 'store' as const },
  ...LIBRARIES.map((policy) => ({ policy, program: 'peers' as const })),
].map(({ policy, program }) => ({
  ...common,
  name: `${policy}-x${PROCESSES}`,
  title: `${policy}, ${PROCESSES} processes`,
  policy,
  program,
  processes: PROCESSES,
  load: { kind: 'open', ratePerSecond: 20, arrivals: 'even', expectedP99Ms: 100 },
  role: 'candidate',
}));

export const ARMS: Arm[] = [...HITS, ...FOUR];
