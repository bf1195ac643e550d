import type { ExperimentAnalysis } from '../../lab/result.ts';
import { percentilePlot } from '../../reports/charts/percentiles.ts';
import { trialStrip } from '../../reports/charts/trial-strip.ts';
import type { Figure } from '../../reports/figure.ts';

/** Figures of the experiment, in the order of the report; a chart without data is null and left out. */
export function charts(analysis: ExperimentAnalysis): Figure[] {
  return [
    percentilePlot(analysis, { title: 'How slow the slow tail is' }),
    trialStrip(analysis),
  ].filter((figure) => figure !== null);
}
