import { access } from 'node:fs/promises';
import type { ExperimentAnalysis } from '../lab/result.ts';
import { forest } from './charts/forest.ts';
import { percentilePlot } from './charts/percentiles.ts';
import { timeline } from './charts/timeline.ts';
import { trialStrip } from './charts/trial-strip.ts';
import type { Figure } from './figure.ts';

/** Draws the figures of one experiment. */
export type ChartsOf = (analysis: ExperimentAnalysis) => Promise<Figure[]> | Figure[];

/**
 * The figures that the experiment's own `charts.ts` draws; the standard ones if it has none, as in
 * a run whose scenario was renamed since.
 */
export async function scenarioCharts(analysis: ExperimentAnalysis): Promise<Figure[]> {
  if (!/^[a-z][a-z0-9-]*$/.test(analysis.name)) return standardCharts(analysis);
  // By name at run time, so that adding an experiment needs no change here.
  const file = new URL(`../scenarios/${analysis.name}/charts.ts`, import.meta.url);
  const exists = await access(file).then(
    () => true,
    () => false,
  );
  if (!exists) return standardCharts(analysis);
  const module: { charts?: ChartsOf } = await import(file.href);
  return module.charts === undefined ? standardCharts(analysis) : module.charts(analysis);
}

/** Figures that any experiment can have. */
function standardCharts(analysis: ExperimentAnalysis): Figure[] {
  return [
    forest(analysis, {
      title: 'Ratios to the baseline',
      comparisons: analysis.comparisons.filter(
        ({ measure }) => measure.name === analysis.primaryMeasure.name,
      ),
    }),
    percentilePlot(analysis, { title: 'How slow the slow tail is' }),
    timeline(analysis, { title: 'Response time over the measured phase' }),
    trialStrip(analysis),
  ].filter((figure) => figure !== null);
}
