import { armOf } from '../../lab/claims.ts';
import type { Analysed, Experiment, Measure, ProfileDesign } from '../../lab/experiment.ts';
import { responseMs } from '../../lab/measures.ts';
import type { Measurement, Score, TradeOff } from '../../lab/result.ts';
import { milliseconds, percent, plural } from '../../reports/format.ts';
import { ARMS } from './arms.ts';
import { charts, isHot } from './charts.ts';
import { claims } from './claims.ts';
import { hitRatio, longestMs, promised, staleShare, total } from './figures.ts';
import { protocol } from './protocol.ts';
import { theory } from './theory.ts';

const of = (measurement: Measurement, name: string): number =>
  measurement.findings?.totals[name] ?? 0;

/** A share of one trial in per cent; null without anything to share. */
const perCent =
  (part: string, whole: string) =>
  (measurement: Measurement): number | null =>
    of(measurement, whole) === 0 ? null : (100 * of(measurement, part)) / of(measurement, whole);

const measures: [Measure, ...Measure[]] = [
  {
    name: 'stalePercent',
    title: 'stale reads',
    unit: '%',
    better: 'lower',
    read: perCent('staleReads', 'reads'),
  },
  {
    name: 'longestStaleMs',
    title: 'longest staleness',
    unit: 'ms',
    better: 'lower',
    read: ({ findings }) => findings?.samples['longestAgeMs']?.[0] ?? null,
  },
  {
    name: 'staleSetsPerHundredEdits',
    title: 'stale sets per 100 edits',
    unit: '',
    better: 'lower',
    read: perCent('staleSets', 'writes'),
  },
  responseMs('p50Ms', 0.5, 'median response time'),
];

/** A few seconds of the arms that tell the story. */
const SHORT: ProfileDesign = {
  rounds: 1,
  warmSeconds: 1,
  measureSeconds: 5,
  arms: ['short-ttl', 'invalidated', 'lease'],
};

export const experiment: Experiment = {
  name: 'staleness',
  title: 'Who still shows the old price',
  question:
    'The owner lowers a price: which policy goes on showing the old one, how often, and for how long?',
  load: ARMS[0]!.load!,
  updatesPerSecond: 2,
  arms: ARMS,
  protocol,
  measures,
  comparisons: [
    ['short-ttl', 'invalidated'],
    ['invalidated', 'double-delete'],
    ['invalidated', 'lock'],
    ['invalidated', 'single-flight'],
    ['invalidated', 'event-driven'],
  ].map(([baseline = '', candidate = '']) => ({
    baseline,
    candidate,
    measure: 'stalePercent',
    rank: 'interval only' as const,
  })),
  profiles: {
    headline: SHORT,
    quick: SHORT,
    standard: {
      rounds: 1,
      warmSeconds: 1.5,
      measureSeconds: 8,
      arms: [
        ...['uncached', 'cached', 'short-ttl', 'invalidated', 'double-delete', 'lock'],
        ...['event-driven', 'lease', 'fence', 'version-key', 'outbox', 'hardened'],
        ...['psql-invalidated', 'psql-event-driven', 'fast-hardened'],
      ],
    },
    full: { rounds: 6, warmSeconds: 2, measureSeconds: 30 },
  },
  flagsAsMeasures: {
    'host-busy': 'reads are judged by their versions, not by their times',
    'foreign-cpu':
      'reads are judged by their versions; what a busier machine changes, the load time, is measured',
    'start-lag': 'reads are judged by their versions, not by their times',
    errors: 'a refused read shows no old page; those that were answered are judged',
    dropped: 'a read that was never made shows no old page',
    'achieved-rate': 'the reads that were answered are judged, and counted',
    'not-steady': 'each edit costs loads: the response time has no steady level',
  },
  answer,
  claims,
  theory,
  scores,
  tradeOffs,
  caveats: [
    'Time is compressed: edits come twice a second instead of twice a day, pages take about 0.17 s (--db-latency does not apply), and the TTL of short-ttl is 2 s instead of 60 s. Shares hold for these ratios; what is possible and what is not holds anywhere.',
    'Stale is conservative: a read counts only if it began after the COMMIT was acknowledged. Intervals are over reads of few trials; reads of one window are not independent, so trials differ by more.',
    'Pages are snapshots (REPEATABLE READ), so a load shows nothing that was committed after it began: an edit during a load is always missed. Under READ COMMITTED about half of them would be, and pages would be torn.',
  ],
  charts,
};

function answer(analysis: Analysed): string {
  const deleted = armOf(analysis, 'invalidated');
  const share = deleted === null ? null : staleShare(deleted);
  if (deleted === null || share === null) return 'No answer: no valid trial with DEL after COMMIT.';
  const interval = share.interval;
  const found = `With a DEL after each COMMIT ${percent(share.value)}${interval === null ? '' : ` (${percent(interval.low)} to ${percent(interval.high)})`} of the reads of a page edited twice a second are stale, by up to ${milliseconds(longestMs(deleted) ?? 0)}`;
  const strict = ['lease', 'fence', 'version-key'].flatMap((name) => armOf(analysis, name) ?? []);
  if (strict.length === 0) return `${found}.`;
  const reads = strict.reduce((sum, arm) => sum + total(arm, 'reads'), 0);
  const stale = strict.reduce((sum, arm) => sum + total(arm, 'staleAfterAnswer'), 0);
  const names = strict.map((arm) => arm.arm).join(', ');
  return `${found}; after the writer’s answer ${names} show ${stale === 0 ? 'none' : plural(stale, 'stale read')} in ${plural(reads, 'read')}.`;
}

function scores(analysis: Analysed): Score[] {
  return analysis.arms
    .filter((arm) => isHot(arm) && arm.arm === arm.policy)
    .flatMap((arm) => {
      const share = staleShare(arm);
      if (arm.trials.valid === 0 || share === null) return [];
      const none = share.value === 0;
      return [
        {
          policy: arm.policy,
          disease: 'staleness' as const,
          words: none
            ? `0 of ${total(arm, 'reads')} reads stale`
            : `${percent(share.value)} stale, up to ${milliseconds(longestMs(arm) ?? 0)}${promised(arm)}`,
          estimate: share,
          tone: none
            ? ('good' as const)
            : total(arm, 'staleSets') > 0 || share.value > 0.05
              ? ('bad' as const)
              : ('neutral' as const),
        },
      ];
    });
}

function tradeOffs(analysis: Analysed): TradeOff[] {
  return analysis.arms
    .filter((arm) => isHot(arm) && arm.trials.valid > 0)
    .map((arm) => {
      const { server } = arm.selectsPerPage;
      const longest = longestMs(arm);
      return {
        policy: arm.policy,
        variant: arm.arm === arm.policy ? '' : arm.arm,
        staleShare: staleShare(arm),
        longestStaleSeconds: longest === null ? null : longest / 1000,
        hitRatio: hitRatio(arm),
        selectsPerPage:
          server === null ? null : { value: server, interval: null, n: arm.trials.valid },
      };
    });
}
