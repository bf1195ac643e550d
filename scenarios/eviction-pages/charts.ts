import type { ArmAnalysis, Estimate, ExperimentAnalysis } from '../../lab/result.ts';
import { intervals } from '../../reports/charts/intervals.ts';
import { timeline } from '../../reports/charts/timeline.ts';
import { trialStrip } from '../../reports/charts/trial-strip.ts';
import type { Figure } from '../../reports/figure.ts';
import { percent } from '../../reports/format.ts';
import { failedShare, hitShare, refusedShare } from './judgement.ts';

/** Figures of the experiment, in the order of the report. */
export function charts(analysis: ExperimentAnalysis): Figure[] {
  return [
    shares(analysis, 'hits', 'What a copy answered', 'hit ratio', hitShare),
    shares(analysis, 'refused', 'Copies that Redis refused', 'share of copies', refusedShare),
    shares(analysis, 'failed', failedTitle(analysis), 'share of pages', failedShare),
    timeline(analysis, { title: 'Response time by second', look: 'policy' }),
    trialStrip(analysis),
  ].filter((figure) => figure !== null);
}

function failedTitle({ arms }: ExperimentAnalysis): string {
  const share = failedShare(arms.find(({ arm }) => arm === 'noeviction') ?? null);
  return share === null
    ? 'Pages that failed'
    : `Pages that failed under noeviction: ${percent(share.value)}`;
}

function shares(
  analysis: ExperimentAnalysis,
  id: string,
  title: string,
  axis: string,
  read: (arm: ArmAnalysis) => Estimate | null,
): Figure | null {
  return intervals(analysis, {
    ...{ id, title, axis, share: true },
    subtitle: 'Of all valid trials, with Wilson’s 95 % interval; a zero with its bound 3/n.',
    rows: analysis.arms.flatMap((arm) => {
      const estimate = read(arm);
      return estimate === null
        ? []
        : [{ arm: arm.arm, estimate, text: `${arm.title}: ${percent(estimate.value)}` }];
    }),
  });
}
