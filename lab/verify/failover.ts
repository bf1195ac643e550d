import { type Cell, nameOf } from '../../scenarios/failover/arms.ts';
import { type CellResult, cellsOf } from '../../scenarios/failover/cells.ts';
import { seconds } from '../../scenarios/failover/judgement.ts';
import type { Estimate, RunResult } from '../result.ts';
import type { BenchCriterion, Judgement } from './criterion.ts';

const ROUNDS = 5;
const TOPOLOGIES = ['sentinel', 'cluster'] as const;

/** Every page has to be answered, and the old primary's return may lose nothing. */
const OURS: Cell[] = TOPOLOGIES.flatMap((topology) =>
  (['kill', 'freeze', 'cut'] as const).map((fault) => ({
    ...{ topology, fault, client: 'recommended' as const },
  })),
);
/** Show that something can be lost: each has to lose writes. */
const CONTROLS: Cell[] = TOPOLOGIES.map((topology) => ({
  ...{ topology, fault: 'freeze', client: 'default' },
}));

export const criterion: BenchCriterion = {
  kind: 'bench',
  about: `pages, outage and lost writes with Sentinel and Cluster through kill, freeze and cut, ${ROUNDS} times each, about 20 minutes`,
  experiments: ['failover'],
  flags: { profile: 'full', arms: [...OURS, ...CONTROLS].map(nameOf).join(',') },
  design: { rounds: ROUNDS, warmSeconds: 1, measureSeconds: 22 },
  judge: (result) => judgeFailover(result),
};

/** @returns One line per arm; passed when none is missing a trial, ours hold in all of them, and the controls lose writes. */
export function judgeFailover({ experiments }: Pick<RunResult, 'experiments'>): Judgement {
  const analysis = experiments.find(({ name }) => name === 'failover');
  const cells = analysis === undefined ? [] : cellsOf(analysis);
  const judged = [
    ...OURS.map((cell) => ({ name: nameOf(cell), promise: holds })),
    ...CONTROLS.map((cell) => ({ name: nameOf(cell), promise: loses })),
  ].map(({ name, promise }) => {
    const cell = cells.find(({ arm }) => arm === name);
    if (cell === undefined) return { line: `${name}: no valid trial`, passed: false };
    const enough = cell.trials >= ROUNDS;
    const passed = enough && promise(cell);
    const few = enough ? '' : `, of ${ROUNDS} that are needed`;
    return {
      line: `${lineOf(cell)} (n = ${cell.trials}${few}): ${passed ? 'holds' : 'broken'}`,
      passed,
    };
  });
  return {
    lines: judged.map(({ line }) => line),
    passed: judged.every(({ passed }) => passed),
  };
}

function holds(cell: CellResult): boolean {
  return cell.unanswered === 0 && cell.lostAfterReturn === 0 && cell.failovers === cell.trials;
}

function loses(cell: CellResult): boolean {
  return cell.lostAfterReturn > 0;
}

function lineOf(cell: CellResult): string {
  const { arm, pages, unanswered, degraded, lostAfterReturn, acked } = cell;
  return (
    `${arm}: ${pages - unanswered} of ${pages} pages answered (${degraded} degraded); another primary in ${cell.failovers} of ${cell.trials}; ` +
    `without an answer for ${seconds(cell.outageMs)}; lost ${writes(cell.lostPerTrial)} writes a trial, ` +
    `${lostAfterReturn} of ${acked} acknowledged ones after the old primary's return`
  );
}

const shown = (count: number): string => String(Number(count.toPrecision(3)));

/** `0 (0 to 0.6)`. */
function writes({ value, interval }: Estimate): string {
  return interval === null
    ? shown(value)
    : `${shown(value)} (${shown(interval.low)} to ${shown(interval.high)})`;
}
