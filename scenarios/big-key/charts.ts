import type { ExperimentAnalysis } from '../../lab/result.ts';
import type { Figure } from '../../reports/figure.ts';
export function charts(_: ExperimentAnalysis): Figure[] {
  return [];
}
