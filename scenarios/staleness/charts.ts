import type { ArmAnalysis, ExperimentAnalysis } from '../../lab/result.ts';
import { dotStrip } from '../../reports/charts/dot-strip.ts';
import { intervals } from '../../reports/charts/intervals.ts';
import { trialStrip } from '../../reports/charts/trial-strip.ts';
import type { Figure } from '../../reports/figure.ts';
import { list, milliseconds, number, percent, plural } from '../../reports/format.ts';
import { longestMs, promised, staleShare, total } from './figures.ts';
import { shareAt, visibilityChart, visibilityOf } from './visibility.ts';

/** Policies whose t-visibility is worth a line; the others lie on zero. */
const VISIBLE = [
  'short-ttl',
  'invalidated',
  'double-delete',
  'lock',
  'single-flight',
  'event-driven',
  'lease',
  'hardened',
];

/** Figures of the staleness experiment. */
export function charts(analysis: ExperimentAnalysis): Figure[] {
  const hot = group(analysis, isHot);
  const ten = group(analysis, ({ arm }) => arm.startsWith('ten-'));
  const fast = group(analysis, ({ arm }) => arm.startsWith('fast-'));
  const psql = group(analysis, ({ arm }) => arm.startsWith('psql-'));
  return [
    shares(hot, 'stale', shareTitle(hot, 'one hot page')),
    visibilityChart(hot, {
      title: visibilityTitle(hot),
      arms: VISIBLE,
    }),
    windows(hot),
    shares(ten, 'stale-ten', shareTitle(ten, 'ten pages')),
    shares(
      psql,
      'stale-psql',
      'Edits that the application does not make: only who watches the database sees them',
    ),
    shares(fast, 'stale-fast', 'Edited faster than built: who may be stale, and who waits'),
    waiting(fast),
    trialStrip(analysis, { look: 'policy' }),
  ].filter((figure) => figure !== null);
}

/** Arms of one hot page that is edited through the application. */
export function isHot({ arm }: ArmAnalysis): boolean {
  return !/^(ten|fast|psql)-/.test(arm);
}

function group(
  analysis: ExperimentAnalysis,
  belongs: (arm: ArmAnalysis) => boolean,
): ExperimentAnalysis {
  return { ...analysis, arms: analysis.arms.filter((arm) => belongs(arm) && arm.trials.valid > 0) };
}

function shares(analysis: ExperimentAnalysis, id: string, title: string): Figure | null {
  return intervals(analysis, {
    id,
    title,
    subtitle:
      'Reads that began after an acknowledged edit and do not show it, with Wilson’s 95 % interval over reads; where there is none, the bar ends at the bound 3 / n.',
    axis: 'stale reads, share of all (log scale)',
    share: true,
    spacing: 'log',
    rows: analysis.arms.flatMap((arm) => {
      const estimate = staleShare(arm);
      return estimate === null ? [] : [{ arm: arm.arm, estimate, text: shareText(arm) }];
    }),
  });
}

function shareText(arm: ArmAnalysis): string {
  const share = staleShare(arm);
  const reads = plural(total(arm, 'reads'), 'read');
  const edits = plural(total(arm, 'writes'), 'edit');
  if (share === null || share.value === 0) {
    return `0 of ${reads} (< ${percent(share?.interval?.high ?? 1)}), ${edits}`;
  }
  const labelled = total(arm, 'labelledStaleReads');
  const torn = total(arm, 'tornReads');
  return [
    `${percent(share.value)} of ${reads}, up to ${milliseconds(longestMs(arm) ?? 0)} old${promised(arm)}`,
    `${plural(total(arm, 'staleSets'), 'stale set')} in ${edits}`,
    ...(labelled === 0 ? [] : [`${number(labelled)} labelled as old`]),
    ...(torn === 0 ? [] : [`${number(torn)} torn`]),
  ].join('; ');
}

function shareTitle({ arms }: ExperimentAnalysis, where: string): string {
  const shown = ['invalidated', 'event-driven', 'lock'].flatMap((policy) => {
    const arm = arms.find((one) => one.policy === policy);
    const share = arm === undefined ? null : staleShare(arm);
    return share === null ? [] : [`${percent(share.value)} with ${policy}`];
  });
  return shown.length === 0 ? `Stale reads of ${where}` : `Stale reads of ${where}: ${list(shown)}`;
}

function visibilityTitle({ arms }: ExperimentAnalysis): string {
  const shown = ['short-ttl', 'invalidated', 'lock', 'lease'].flatMap((name) => {
    const arm = arms.find((one) => one.arm === name);
    const points = arm === undefined ? [] : visibilityOf(arm);
    return points.some(({ ms }) => ms === 1000) ? [`${shareAt(points, 1000)} with ${name}`] : [];
  });
  return shown.length === 0
    ? 'How long an edit takes to show'
    : `0.5 to 1 s after an edit it is still missing from reads: ${list(shown)}`;
}

function windows(analysis: ExperimentAnalysis): Figure | null {
  return dotStrip(analysis, {
    id: 'windows',
    title:
      'Most edits show at once; those that a load overtook stay hidden until the next edit or the TTL',
    subtitle:
      'One dot per edit: how long reads still missed it (a lower bound, from the acknowledgement to the last read that missed it). Edits still missing at the end stand apart, in the row "open".',
    axis: 'window of an edit, ms (log scale, zeros at the left)',
    spacing: 'log',
    rows: analysis.arms.flatMap(({ arm, findings }) => [
      { arm, values: findings?.samples['windowMs'] ?? [] },
      ...((findings?.samples['openMs'] ?? []).length === 0
        ? []
        : [{ arm: `${arm}, open`, values: findings?.samples['openMs'] ?? [] }]),
    ]),
  });
}

/** What strict freshness costs where edits come faster than pages. */
function waiting(analysis: ExperimentAnalysis): Figure | null {
  return intervals(analysis, {
    id: 'waiting',
    title: 'Strict freshness has a price: the reader waits',
    subtitle: 'Median response time of the page that is edited faster than it is built.',
    axis: 'median response time, ms (log scale)',
    spacing: 'log',
    rows: analysis.arms.flatMap((arm) => {
      const ms = arm.quantiles.find(({ q }) => q === 0.5)?.ms ?? null;
      if (ms === null) return [];
      const estimate = arm.measures['p50Ms'] ?? { value: ms, interval: null, n: arm.trials.valid };
      const longest = longestMs(arm) ?? 0;
      return [
        {
          arm: arm.arm,
          estimate,
          text: `p50 ${milliseconds(ms)}, pages up to ${milliseconds(longest)} old`,
        },
      ];
    }),
  });
}
