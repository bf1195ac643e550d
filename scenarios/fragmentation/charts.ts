import type { Estimate, ExperimentAnalysis } from '../../lab/result.ts';
import { type IntervalRow, intervals } from '../../reports/charts/intervals.ts';
import { rateLines, seriesLines } from '../../reports/charts/rate-lines.ts';
import { trialStrip } from '../../reports/charts/trial-strip.ts';
import type { Figure } from '../../reports/figure.ts';
import { number } from '../../reports/format.ts';
import { afterCure, beforeCure, inWords, wastedMiB } from './judgement.ts';

/** Figures of the fragmentation experiment, in the order of the report. */
export function charts(analysis: ExperimentAnalysis): Figure[] {
  return [overTime(analysis), ratios(analysis), trialStrip(analysis)].filter(
    (figure) => figure !== null,
  );
}

function overTime(analysis: ExperimentAnalysis): Figure | null {
  const waste = wastedMiB(analysis, 'fragmented');
  return rateLines(analysis, {
    id: 'memory',
    title: `Deleted is not given back: ${number(waste ?? 0, 2)} MiB stay with the process`,
    subtitle:
      'Memory over time: filled, overwritten twice with values of other sizes, 85 % deleted at random, then one cure. Solid: what the operating system has given. Dashed: what is in use.',
    lines: [
      ...seriesLines(analysis, 'rssMiB'),
      ...seriesLines(analysis, 'usedMiB').map((line) => ({ ...line, dashed: true })),
    ],
    axis: 'MiB',
    unit: 'MiB',
    xTitle: 'second of the trial',
  });
}

function row(arm: string, estimate: Estimate | null, waste: number | null): IntervalRow[] {
  if (estimate === null) return [];
  return [{ arm, estimate, text: `${inWords(estimate)}; ${number(waste ?? 0, 2)} MiB too much` }];
}

function ratios(analysis: ExperimentAnalysis): Figure | null {
  const moments = [
    ['empty', 'empty'],
    ['full', 'filled'],
    ['overwritten', 'overwritten with other sizes'],
    ['fragmented', '85 % deleted'],
  ] as const;
  const fragmented = beforeCure(analysis, 'ratio fragmented');
  return intervals(analysis, {
    id: 'ratios',
    title: `mem_fragmentation_ratio: ${number(beforeCure(analysis, 'ratio empty')?.value ?? 0, 2)} on an empty server, ${number(fragmented?.value ?? 0, 2)} after the deletes`,
    subtitle:
      'What the operating system has given over what is in use, mean with 95 % interval over trials; and the difference of the two in MiB, which tells what the ratio does not.',
    axis: 'mem_fragmentation_ratio (log scale)',
    spacing: 'log',
    rows: [
      ...moments.flatMap(([moment, words]) =>
        row(words, beforeCure(analysis, `ratio ${moment}`), wastedMiB(analysis, moment)),
      ),
      ...analysis.arms.flatMap(({ arm, title }) =>
        row(
          `then: ${title}`,
          afterCure(analysis, arm, 'ratio cured'),
          wastedMiB(analysis, 'cured', arm),
        ),
      ),
    ],
  });
}
