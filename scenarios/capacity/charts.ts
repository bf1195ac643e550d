import type { ArmAnalysis, ExperimentAnalysis } from '../../lab/result.ts';
import { capacityDots } from '../../reports/charts/capacity.ts';
import { probeCurve } from '../../reports/charts/probes.ts';
import type { Figure } from '../../reports/figure.ts';
import { list, milliseconds, number } from '../../reports/format.ts';

/** The objective of a probe: the time that the story promises. */
const LIMIT_MS = 200;

/** Figures of the capacity experiment. */
export function charts(analysis: ExperimentAnalysis): Figure[] {
  const objective = `p95 at ${milliseconds(LIMIT_MS)} or less`;
  const found = analysis.arms.filter(({ search }) => search !== null);
  const title =
    found.length === 0
      ? 'No search has a result'
      : `Pages per second with ${objective}: ${list(found.map(rateText))}`;
  return [
    capacityDots(analysis, { title, objective }),
    probeCurve(analysis, {
      title: 'Response time stays flat until a part gives out, then rises steeply',
      limitMs: LIMIT_MS,
    }),
  ].filter((figure) => figure !== null);
}

function rateText({ arm, search }: ArmAnalysis): string {
  const least = search?.limitedBy === 'generator' ? 'at least ' : '';
  return `${arm} ${least}${number(search?.highestPass.value ?? 0)}`;
}
