import type { ArmAnalysis, ExperimentAnalysis } from '../../lab/result.ts';
import { percentilePlot, quantileText } from '../../reports/charts/percentiles.ts';
import { timeline } from '../../reports/charts/timeline.ts';
import type { Figure } from '../../reports/figure.ts';
import { list } from '../../reports/format.ts';

/** Figures of the experiment on coordinated omission: the same freeze, seen by three load models. */
export function charts(analysis: ExperimentAnalysis): Figure[] {
  return [
    percentilePlot(analysis, {
      title: tailTitle(analysis.arms),
      note: 'A line that ends early: the rest of the arrivals never started, so their time is unknown.',
    }),
    timeline(analysis, {
      title: 'A closed model sends almost nothing while it waits, so it hardly sees the freeze',
    }),
  ].filter((figure) => figure !== null);
}

function tailTitle(arms: readonly ArmAnalysis[]): string {
  const parts = arms.flatMap((arm) => {
    const text = quantileText(arm, 0.99);
    if (text === null) return [];
    return [`${arm.arm} ${text.startsWith('unknown') ? 'cannot tell' : text}`];
  });
  return parts.length === 0
    ? 'What each load model sees of a freeze'
    : `p99 of the same 2 s freeze: ${list(parts)}`;
}
