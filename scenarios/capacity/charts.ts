import type { ExperimentAnalysis } from '../../lab/result.ts';
import { capacityDots, capacityText } from '../../reports/charts/capacity.ts';
import { probeCurve } from '../../reports/charts/probes.ts';
import type { Figure } from '../../reports/figure.ts';
import { list, milliseconds } from '../../reports/format.ts';

/** The objective of a probe: the time that the story promises. */
const LIMIT_MS = 200;

/** Figures of the capacity experiment. */
export function charts(analysis: ExperimentAnalysis): Figure[] {
  const objective = `p95 at ${milliseconds(LIMIT_MS)} or less`;
  const found = analysis.arms.filter(({ search }) => search !== null);
  const title =
    found.length === 0
      ? 'No search has a result'
      : `Highest rate: ${list(found.map((arm) => `${arm.arm} ${capacityText(arm)}`))}`;
  return [
    capacityDots(analysis, { title, objective }),
    probeCurve(analysis, {
      title: 'Response time stays flat until a part gives out, then rises steeply',
      limitMs: LIMIT_MS,
    }),
  ].filter((figure) => figure !== null);
}
