import type { ExperimentAnalysis } from '../../lab/result.ts';
import { predicted } from '../../reports/charts/predicted.ts';
import type { Figure } from '../../reports/figure.ts';
import { type Cell, cellsOf } from './cells.ts';

/** One picture for each sort of figure: they have no unit in common. */
export function charts(analysis: ExperimentAnalysis): Figure[] {
  const cells = cellsOf(analysis);
  const of = (model: Cell['model']): Cell[] => cells.filter((cell) => cell.model === model);
  return [
    predicted(analysis, {
      id: 'shares',
      title: titleOf(of('ttl'), 'Hit ratios and shares of old pages'),
      subtitle: 'One point a class of pages and arm; the simulation had the trial’s own requests.',
      axis: 'share of the requests',
      share: true,
      points: of('ttl'),
    }),
    predicted(analysis, {
      id: 'loads',
      title: titleOf(of('expiry'), 'Loads per expiry'),
      subtitle: 'One point a defence, mean over the expiries of its trials.',
      axis: 'loads per expiry (log scale)',
      spacing: 'log',
      points: of('expiry'),
    }),
    predicted(analysis, {
      id: 'peaks',
      title: titleOf(of('avalanche'), 'SELECTs in the highest second of an avalanche'),
      subtitle: 'One point a cure.',
      axis: 'SELECTs in the highest second',
      points: of('avalanche'),
    }),
  ].filter((figure) => figure !== null);
}

/** `Hit ratios and shares of old pages: 35 of 36 as predicted`. */
function titleOf(cells: readonly Cell[], what: string): string {
  const judged = cells.filter(({ agrees }) => agrees !== null);
  const right = judged.filter(({ agrees }) => agrees === true);
  return judged.length === 0
    ? what
    : `${what}: ${right.length} of ${judged.length} as the simulator predicts`;
}
