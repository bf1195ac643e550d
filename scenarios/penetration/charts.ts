import type { ArmAnalysis, ExperimentAnalysis } from '../../lab/result.ts';
import { bloomShape, falsePositiveRate } from '../../lab/theory/bloom.ts';
import { curves } from '../../reports/charts/curves.ts';
import { dotStrip } from '../../reports/charts/dot-strip.ts';
import { forest } from '../../reports/charts/forest.ts';
import { rateLines, seriesLines } from '../../reports/charts/rate-lines.ts';
import { timeline } from '../../reports/charts/timeline.ts';
import { trialStrip } from '../../reports/charts/trial-strip.ts';
import type { Figure } from '../../reports/figure.ts';
import { number, percent } from '../../reports/format.ts';
import { filterFill, selectsPerBadRequest } from './judgement.ts';

/** The arms that differ in what good visitors feel: panels for all would hide it. */
const SHOWN = ['none-random', 'negative-random', 'negative-evict', 'bloom-random'];

/** Figures of the penetration experiment. */
export function charts(analysis: ExperimentAnalysis): Figure[] {
  return [
    dotStrip(analysis, {
      id: 'selects',
      title: selectsTitle(analysis),
      subtitle:
        'SELECTs per request for a store that does not exist, one dot a trial; those that a full pool turned away are among them.',
      rows: analysis.arms.flatMap((arm) => {
        const values = arm.findings?.samples['selectsPerBadRequest'] ?? [];
        const row = analysis.theory?.find(
          (one) => one.arm === arm.arm && one.quantity.startsWith('SELECTs'),
        );
        return values.length === 0
          ? []
          : [{ arm: arm.arm, values, ...(row === undefined ? {} : { theory: row.theory }) }];
      }),
      axis: 'SELECTs per bad request (log scale)',
      spacing: 'log',
    }),
    falsePositives(analysis),
    rateLines(analysis, {
      id: 'good-hits',
      title: hitsTitle(analysis),
      subtitle:
        'Share of the good requests of each second that a copy answered, mean over the valid trials.',
      lines: seriesLines(analysis, 'goodHitShare').filter(({ arm }) => SHOWN.includes(arm)),
      axis: 'hit ratio of good stores',
      unit: '',
      share: true,
    }),
    forest(analysis, {
      title: 'What good visitors wait while the flood lasts, against no defence',
      comparisons: analysis.comparisons,
    }),
    timeline(
      { ...analysis, arms: analysis.arms.filter(({ arm }) => SHOWN.includes(arm)) },
      {
        title: timelineTitle(analysis),
        look: 'policy',
      },
    ),
    trialStrip(analysis),
  ].filter((figure) => figure !== null);
}

const armNamed = (analysis: ExperimentAnalysis, name: string): ArmAnalysis | undefined =>
  analysis.arms.find(({ arm, trials }) => arm === name && trials.valid > 0);

function valueOf(analysis: ExperimentAnalysis, name: string): number | null {
  const arm = armNamed(analysis, name);
  return arm === undefined ? null : (selectsPerBadRequest(arm)?.value ?? null);
}

function selectsTitle(analysis: ExperimentAnalysis): string {
  const random = valueOf(analysis, 'negative-random');
  const filter = valueOf(analysis, 'bloom-random');
  if (random === null || filter === null)
    return 'What a request for an absent store costs the database';
  return `SELECTs per random bad request: ${number(random)} with notes, ${number(filter)} with a filter`;
}

function timelineTitle(analysis: ExperimentAnalysis): string {
  const failed = (name: string): number | null =>
    armNamed(analysis, name)?.measures['goodFailedShare']?.value ?? null;
  const [none, filter] = [failed('none-random'), failed('bloom-random')];
  if (none === null || filter === null) return 'Response time of good stores, by second';
  return `While the flood lasts ${percent(none)} of the good requests fail without a defence, ${percent(filter)} behind a filter`;
}

function hitsTitle(analysis: ExperimentAnalysis): string {
  const evicted = armNamed(analysis, 'negative-evict')?.findings?.totals['evicted'] ?? 0;
  return evicted > 0
    ? `Where memory is short, notes of absent stores push out good pages: ${number(evicted)} keys evicted`
    : 'Hit ratio of good stores while the flood lasts';
}

/** The filter's errors against how full it is. */
function falsePositives(analysis: ExperimentAnalysis): Figure | null {
  const shape = bloomShape(1000, 0.01);
  const fills = Array.from({ length: 60 }, (_, index) => 0.25 * 2 ** (index / 12));
  const measured = analysis.arms.flatMap((arm) => {
    const fill = filterFill(arm);
    const share = selectsPerBadRequest(arm);
    if (fill === null || share === null || arm.arm.endsWith('-repeated')) return [];
    const { low = share.value, high = share.value } = share.interval ?? {};
    return [{ x: fill.fill, y: share.value, low, high }];
  });
  if (measured.length === 0) return null;
  const fullest = measured.reduce((top, one) => (one.x > top.x ? one : top));
  return curves(analysis, {
    id: 'false-positives',
    title: `A filter that holds ${number(fullest.x, 2)} times what it was made for lets ${percent(fullest.y)} of the absent slugs through`,
    subtitle:
      'Share of random slugs that reached the database, against stores in the filter over stores that it was made for (at 1 %).',
    x: { title: 'stores over capacity (log scale)', spacing: 'log' },
    y: { title: 'let through', share: true },
    series: [
      {
        name: 'Bloom filter',
        theory: fills.map((fill) => [fill, falsePositiveRate(shape, fill * 1000)] as const),
        measured,
      },
    ],
  });
}
