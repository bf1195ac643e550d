import type { ExperimentAnalysis } from '../../lab/result.ts';
import { type MatrixCell, matrix } from '../../reports/charts/heatmap.ts';
import type { Figure } from '../../reports/figure.ts';
import { milliseconds, plural } from '../../reports/format.ts';
import { type Fault, FAULTS, POLICIES } from './arms.ts';
import { type Cell, cellOf, cellsOf, holds } from './verdict.ts';

/** Figures of the failure matrix. */
export function charts(analysis: ExperimentAnalysis): Figure[] {
  const columns = POLICIES.filter((policy) =>
    cellsOf(analysis).some((cell) => cell.policy === policy),
  );
  const rows = (Object.keys(FAULTS) as Fault[]).map((fault) => ({
    name: FAULTS[fault],
    cells: columns.map((policy) => {
      const cell = cellOf(analysis, policy, fault);
      return cell === null ? null : wordOf(cell);
    }),
  }));
  return [
    matrix(analysis, {
      id: 'matrix',
      title: titleOf(cellsOf(analysis)),
      subtitle:
        'Each cell: changes that pages still missed seconds after the heal (lost), or the longest time after change and heal until no page missed one. Empty: the fault does not touch the policy, or was not tried.',
      columns,
      rows,
    }),
  ].filter((figure) => figure !== null);
}

function wordOf(cell: Cell): MatrixCell {
  const { changes, lost, longestMs, boundMs } = cell;
  const bound = boundMs === null ? 'no bound but the TTL of 1 h' : `bound ${milliseconds(boundMs)}`;
  const detail =
    `${lost} of ${plural(changes, 'change')} lost, others within ${milliseconds(longestMs)}; ${bound}; ` +
    `${cell.staleReads} of ${plural(cell.reads, 'read')} stale, by up to ${milliseconds(cell.longestAgeMs)}`;
  const word = lost > 0 ? `${lost}/${changes} lost` : milliseconds(longestMs);
  if (!holds(cell)) return { word, tone: 'bad', detail };
  return { word, tone: boundMs === null ? 'neutral' : 'good', detail };
}

function titleOf(cells: readonly Cell[]): string {
  const parts = POLICIES.flatMap((policy) => {
    const own = cells.filter((cell) => cell.policy === policy);
    const broken = own.filter((cell) => cell.lost > 0).length;
    return own.length > 0 && broken > 0
      ? [`${policy} in ${broken} of ${plural(own.length, 'fault')}`]
      : [];
  });
  return parts.length === 0
    ? 'No change is lost under any fault that was tried'
    : `Who loses changes: ${parts.join(', ')}`;
}
