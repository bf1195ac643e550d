import { claim, figure, milliseconds, notJudged, times } from '../../lab/claims.ts';
import type { Analysed, Experiment, ProfileDesign } from '../../lab/experiment.ts';
import { poolMaxWaiting } from '../../lab/measures.ts';
import type { ClaimResult, Score } from '../../lab/result.ts';
import { medianOf } from '../../lab/stats/median.ts';
import { ARMS, BURST_ARMS, RATE, READERS } from './arms.ts';
import { charts } from './charts.ts';
import { protocol } from './protocol.ts';
import { meanOf, sampled, samplesOf, theory, totalOf } from './results.ts';

/** Few repetitions of the arms that tell the story. */
const SHORT: ProfileDesign = {
  rounds: 1,
  warmSeconds: 1,
  measureSeconds: 12.5,
  arms: ['cached', 'single-flight-x4', 'lock+single-flight-x4', 'hardened'],
};

export const experiment: Experiment = {
  name: 'stampede',
  title: 'The hot page expires at the peak',
  question:
    'When the hottest page expires, how often is it loaded, for how long do its readers wait, and what do the defences make of it?',
  load: {
    kind: 'open',
    ratePerSecond: RATE,
    arrivals: 'poisson',
    expectedP99Ms: 1100,
    virtualUsers: 90,
  },
  updatesPerSecond: 0,
  arms: ARMS,
  protocol,
  measures: [
    sampled('loadsPerExpiry', 'mean', {
      title: 'Loads per expiry',
      unit: 'loads',
      better: 'lower',
    }),
    sampled('selectsPerExpiry', 'mean', {
      title: 'SELECTs per expiry',
      unit: 'SELECTs',
      better: 'lower',
    }),
    sampled('p99Ms', 'median', {
      title: '99th percentile about an expiry',
      unit: 'ms',
      better: 'lower',
    }),
    sampled('p99Ratio', 'median', {
      title: 'p99 about an expiry over p99 on hits',
      unit: 'times',
      better: 'lower',
    }),
    sampled('recoveryMs', 'median', {
      title: 'Time until all reads are hits again',
      unit: 'ms',
      better: 'lower',
    }),
    poolMaxWaiting,
  ],
  comparisons: [
    { baseline: 'cached', candidate: 'hardened', measure: 'loadsPerExpiry', rank: 'primary' },
    { baseline: 'cached', candidate: 'hardened', measure: 'p99Ms', rank: 'interval only' },
    {
      baseline: 'cached',
      candidate: 'lock+single-flight',
      measure: 'p99Ms',
      rank: 'interval only',
    },
    {
      baseline: 'cached-open',
      candidate: 'hardened-open',
      measure: 'p99Ratio',
      rank: 'interval only',
    },
  ],
  profiles: {
    headline: SHORT,
    quick: { ...SHORT, arms: ['cached', 'single-flight-x4', 'hardened'] },
    standard: {
      rounds: 1,
      warmSeconds: 2,
      measureSeconds: 20,
      arms: [
        ...['cached', 'lock-naive-x4', 'single-flight-x4', 'lock+single-flight-x4', 'lease-x4'],
        ...['hardened-x4', 'cached-open', 'swr-open', 'hardened-open', 'xfetch-open'],
        ...['lock-naive-short', 'lock-dead-holder'],
      ],
    },
    full: { rounds: 12, warmSeconds: 3, measureSeconds: 20 },
  },
  flagsAsMeasures: {
    'host-busy': 'a stampede may fill the machine; counts do not depend on it',
    'start-lag': 'a burst has no schedule to be late for',
    errors:
      'loads fail on purpose in the arms named so; in all others one failed page is a problem',
    'not-steady': 'expiries are what is looked at',
  },
  answer,
  claims,
  theory,
  scores,
  caveats: [
    'Bursts come at a set moment to a page that is gone; open arrivals find a page that ends by itself. The figures of the two are kept apart.',
    'Copies live for seconds here, not for an hour: what one expiry costs does not depend on how rare it is.',
    'About one expiry there are too few reads for a p99 proper: it is the slowest but one in a hundred, most often the slowest. It is compared with that of as many hits.',
    'swr, refresh-ahead, xfetch and hardened refresh behind the readers’ backs; under a burst that finds no copy at all only coalescing and the lock help them.',
  ],
  charts,
};

function answer(analysis: Analysed): string {
  const none = meanOf(analysis, 'cached', 'loadsPerExpiry');
  if (none === null) return 'No answer: no valid trial without defence.';
  const selects = meanOf(analysis, 'cached', 'selectsPerExpiry')?.value ?? 0;
  const ones = BURST_ARMS.filter((arm) => {
    const values = samplesOf(analysis, arm, 'loadsPerExpiry');
    return values.length > 0 && values.every((value) => value === 1);
  });
  const flights = samplesOf(analysis, 'single-flight-x4', 'loadsPerExpiry');
  const slow = medianOf(samplesOf(analysis, 'cached', 'p99Ms'))?.value ?? null;
  const quick = medianOf(samplesOf(analysis, 'hardened', 'p99Ms'))?.value ?? null;
  const sentences = [
    `Without defence, ${READERS} readers at once make ${figure(none.value)} loads and ${figure(selects)} SELECTs of one expiry`,
    ...(flights.length > 0
      ? [`single-flight makes ${figure(medianOf(flights)!.value)} with 4 processes`]
      : []),
    ...(ones.length > 0 ? [`exactly 1 in every expiry: ${ones.join(', ')}`] : []),
    ...(slow !== null && quick !== null
      ? [
          `the slowest reader waits ${milliseconds(slow)} without defence, ${milliseconds(quick)} with hardened`,
        ]
      : []),
  ];
  return `${sentences.join('; ')}.`;
}

function claims(analysis: Analysed): ClaimResult[] {
  const naive = [
    ...samplesOf(analysis, 'lock-naive', 'loadsPerExpiry'),
    ...samplesOf(analysis, 'lock-naive-x4', 'loadsPerExpiry'),
    ...samplesOf(analysis, 'lock-naive-open-x4', 'loadsPerExpiry'),
  ];
  const right = [
    ...['lock', 'lock-x4', 'lock-open-x4', 'lock+single-flight', 'lock+single-flight-x4'],
  ].flatMap((arm) => samplesOf(analysis, arm, 'loadsPerExpiry'));
  if (naive.length === 0 || right.length === 0)
    return [notJudged('C21', 'no valid trial of both locks')];
  const leaks = naive.filter((loads) => loads > 1).length;
  const failures = right.filter((loads) => loads > 1).length;
  const foreign = totalOf(analysis, 'lock-naive-short', 'foreignReleases');
  const shortBursts = totalOf(analysis, 'lock-naive-short', 'counted');
  const wait = meanOf(analysis, 'lock-dead-holder', 'waitMs');
  const convoy = medianOf(samplesOf(analysis, 'lock-naive-failing', 'failingLoadsPerExpiry'));
  const measured = [
    `as published more than 1 load in ${leaks} of ${naive.length} expiries (most ${Math.max(...naive)})`,
    `with token and second look in ${failures} of ${right.length}`,
    ...(shortBursts > 0
      ? [
          `its DEL freed another’s lock in ${foreign} of ${shortBursts} bursts with a lock shorter than the load`,
        ]
      : []),
    ...(wait === null ? [] : [`a dead holder keeps readers for ${milliseconds(wait.value)}`]),
    ...(convoy === null
      ? []
      : [`${figure(convoy.value)} loads one after the other when loads fail`]),
  ].join('; ');
  if (failures > 0)
    return [claim('C21', 'refuted', measured, 'even the lock done right lets a second load in')];
  if (leaks === 0 && foreign === 0)
    return [claim('C21', 'confirmed', measured, 'one load per expiry with either lock')];
  return [
    claim(
      'C21',
      'depends',
      measured,
      'on the lock: it must look again after it is taken, be freed by compare-and-delete, and outlive the load; waiting readers depend on its holder',
    ),
  ];
}

/** Policies in the scorecard, each by its harder arm. */
const SCORED = [
  ...['cached', 'lock-naive', 'lock', 'single-flight', 'lock+single-flight', 'lease', 'swr'],
  ...['refresh-ahead', 'xfetch', 'hardened'],
];

function scores(analysis: Analysed): Score[] {
  return SCORED.flatMap((policy): Score[] => {
    const name = [`${policy}-x4`, policy, `${policy}-open`].find(
      (one) => samplesOf(analysis, one, 'loadsPerExpiry').length > 0,
    );
    if (name === undefined) return [];
    const estimate = meanOf(analysis, name, 'loadsPerExpiry')!;
    const most = Math.max(...samplesOf(analysis, name, 'loadsPerExpiry'));
    const title = ARMS.find((arm) => arm.name === name)?.title ?? name;
    const tail = medianOf(samplesOf(analysis, `${policy}-open`, 'p99Ratio'));
    const words =
      most === 1
        ? '1 load per expiry'
        : `${times(estimate)} loads per expiry${name.endsWith('-open') ? '' : ` of ${READERS} readers`}`;
    // Readers who come one after the other find the gap that a burst does not: between a look and the lock.
    const open = [`${policy}-open-x4`, `${policy}-open`].flatMap((one) =>
      samplesOf(analysis, one, 'loadsPerExpiry'),
    );
    const leaks = most === 1 ? open.filter((loads) => loads > 1).length : 0;
    const leak = leaks === 0 ? '' : `; more in ${leaks} of ${open.length} under open arrivals`;
    return [
      {
        policy,
        disease: 'stampede',
        words: `${words} (${title})${leak}${tail === null ? '' : `; p99 about it ${figure(tail.value)} times that on hits`}`,
        estimate,
        tone: most === 1 && leaks === 0 ? 'good' : most <= 4 ? 'neutral' : 'bad',
      },
    ];
  });
}
