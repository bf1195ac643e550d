import { armOf } from '../../lab/claims.ts';
import type { Analysed, Arm, Experiment } from '../../lab/experiment.ts';
import { responseMs } from '../../lab/measures.ts';
import type { ArmAnalysis, Estimate, Score, TheoryCheck } from '../../lab/result.ts';
import { wilson } from '../../lab/stats/wilson.ts';
import { percent } from '../../reports/format.ts';
import { charts, stuckShare } from './charts.ts';
import { protocol } from './protocol.ts';

/** Added to each round trip: the restaurant's page takes about 0.3 s. */
const DB_LATENCY_MS = '2';
const READS_PER_SECOND = 32;

const arm = (policy: string, title: string, more: Partial<Arm> = {}): Arm => ({
  name: policy,
  title,
  policy,
  role: 'candidate',
  dbLatency: DB_LATENCY_MS,
  cache: 'prime',
  // Pages of several stores.
  expects: { selectsPerLoad: null },
  ...more,
});

/** Policies under which one load at a time is made, and an edit deletes the copy alone. */
const ONE_LOAD = ['lock', 'single-flight', 'lock+single-flight'];

export const experiment: Experiment = {
  name: 'edit-twice',
  title: 'A second edit while the page is rebuilt',
  question:
    'Two edits fall into one rebuild, then the kitchen is quiet: in how many rounds does the page stay old until its TTL is over?',
  load: {
    kind: 'open',
    ratePerSecond: READS_PER_SECOND,
    arrivals: 'poisson',
    expectedP99Ms: 1000,
  },
  updatesPerSecond: 2,
  protocol,
  arms: [
    arm('invalidated', 'DEL after COMMIT', { role: 'baseline' }),
    arm('lock', 'DEL + lock'),
    arm('lock', 'DEL + lock, READ COMMITTED', {
      name: 'lock-read-committed',
      overrides: { isolation: 'read-committed' },
    }),
    arm('single-flight', 'DEL + single-flight'),
    arm('lock+single-flight', 'DEL + lock + single-flight'),
    arm('double-delete', 'DEL, and again 500 ms later'),
    arm('event-driven', 'trigger, NOTIFY, DEL'),
    arm('lease', 'DEL + lease'),
    arm('outbox', 'outbox, DEL of copy and lease'),
    arm('hardened', 'all together'),
  ],
  measures: [
    {
      name: 'stuckPercent',
      title: 'rounds stuck until the TTL',
      unit: '%',
      better: 'lower',
      read({ findings }) {
        const { rounds = 0, stuckRounds = 0 } = findings?.totals ?? {};
        return rounds === 0 ? null : (100 * stuckRounds) / rounds;
      },
    },
    responseMs('p50Ms', 0.5, 'median response time'),
  ],
  comparisons: ['lock', 'single-flight', 'lock+single-flight'].map((candidate) => ({
    baseline: 'invalidated',
    candidate,
    measure: 'stuckPercent',
    rank: 'interval only' as const,
  })),
  profiles: {
    headline: { rounds: 1, warmSeconds: 1, measureSeconds: 8, arms: ['lock', 'lease', 'hardened'] },
    quick: { rounds: 1, warmSeconds: 1, measureSeconds: 6, arms: ['lock', 'lease'] },
    standard: {
      ...{ rounds: 1, warmSeconds: 1, measureSeconds: 12 },
      arms: [
        ...['invalidated', 'lock', 'single-flight', 'lock+single-flight'],
        ...['event-driven', 'lease', 'outbox', 'hardened'],
      ],
    },
    full: { rounds: 4, warmSeconds: 2, measureSeconds: 30 },
  },
  flagsAsMeasures: {
    'host-busy': 'rounds are judged by versions, not by times',
    'foreign-cpu': 'rounds are judged by versions; the gap follows the page time of the same trial',
    'start-lag': 'rounds are judged by versions, not by times',
    errors: 'readers are there to cause rebuilds; a refused one causes none',
    dropped: 'readers are there to cause rebuilds',
    'achieved-rate': 'readers are there to cause rebuilds',
    'not-steady': 'each edit costs loads: the response time has no steady level',
  },
  answer,
  claims: () => [],
  theory,
  scores,
  caveats: [
    'The second edit is placed inside the rebuild on purpose: the share is that of rounds in which it happens, not of all edits. How often it happens by itself is measured in staleness.',
    'A round counts as stuck when two looks at the page, 1.2 s and more after the second edit, show it without that edit. Its copy lives for an hour; the lab then deletes it.',
    'Rounds run side by side on up to four stores of different size (the restaurant and the largest others).',
  ],
  charts,
};

function answer(analysis: Analysed): string {
  const words = (name: string): string | null => {
    const found = armOf(analysis, name);
    const share = found === null ? null : stuckShare(found);
    return found === null || share === null ? null : `${withInterval(share)} with ${name}`;
  };
  const locked = ONE_LOAD.flatMap((name) => words(name) ?? []);
  if (locked.length === 0) return 'No answer: no valid trial with a lock or single-flight.';
  const others = ['invalidated', 'lease', 'hardened'].flatMap((name) => words(name) ?? []);
  return `A defence against stampedes makes the race permanent: of the rounds with two edits in one rebuild the page stays old until its TTL in ${locked.join(', ')}; against ${others.join(', ')}.`;
}

function withInterval({ value, interval }: Estimate): string {
  if (interval === null) return percent(value);
  if (value === 0) return `0 % (< ${percent(interval.high)})`;
  return `${percent(value)} (${percent(interval.low)} to ${percent(interval.high)})`;
}

/** Where one load at a time is made, nobody corrects a load that an edit overtook: stuck = overtaken. */
function theory(analysis: Analysed): TheoryCheck[] {
  return ONE_LOAD.flatMap((name) => {
    const found = armOf(analysis, name);
    const measured = found === null ? null : stuckShare(found);
    if (found === null || measured?.interval == null) return [];
    const { rounds = 0, overtakenRounds = 0 } = found.findings?.totals ?? {};
    const expected = overtakenRounds / rounds;
    const { low, high } = measured.interval;
    return [
      {
        arm: name,
        quantity: 'rounds stuck until the TTL',
        unit: '',
        formula: 'share of rounds whose second edit fell into a load',
        theory: expected,
        measured,
        agrees: expected >= low && expected <= high,
        note: 'Pages are snapshots: a load shows nothing that was committed after it began. Under READ COMMITTED only the edits of rows that were read already are missed: about half.',
      },
    ];
  });
}

function scores(analysis: Analysed): Score[] {
  return analysis.arms
    .filter(({ arm: name, policy }) => name === policy)
    .flatMap((found: ArmAnalysis) => {
      const share = found.trials.valid === 0 ? null : stuckShare(found);
      if (share === null) return [];
      const { rounds = 0, stuckRounds = 0 } = found.findings?.totals ?? {};
      return [
        {
          policy: found.policy,
          disease: 'staleness' as const,
          words: `edited twice: ${stuckRounds} of ${rounds} stuck until the TTL`,
          estimate: wilson(stuckRounds, rounds),
          tone: stuckRounds === 0 ? ('good' as const) : ('bad' as const),
        },
      ];
    });
}
