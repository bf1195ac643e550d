import { ARMS } from '../../scenarios/failure-matrix/arms.ts';
import { type Cell, cellsOf, holds } from '../../scenarios/failure-matrix/verdict.ts';
import type { RunResult } from '../result.ts';
import type { BenchCriterion } from './criterion.ts';

/** Each of their rows has to hold. */
const OURS = ARMS.filter((arm) => arm.policy === 'outbox' || arm.policy === 'hardened');
/** Shows that the faults happen: it has to lose changes. */
const CONTROL = ARMS.filter((arm) => arm.name === 'event-driven-listener-killed');

export const criterion: BenchCriterion = {
  kind: 'bench',
  about: 'every fault against the bounds of outbox and hardened, about 20 minutes',
  experiments: ['failure-matrix'],
  flags: { profile: 'full', arms: [...CONTROL, ...OURS].map((arm) => arm.name).join(',') },
  design: { rounds: 3, warmSeconds: 1, measureSeconds: 9 },
  judge: (result) => judgeMatrix(result),
};

/** @returns One line per cell; passed when no row is missing, all of ours hold and the control does not. */
export function judgeMatrix({ experiments }: Pick<RunResult, 'experiments'>): {
  lines: string[];
  passed: boolean;
} {
  const [analysis] = experiments;
  const cells = analysis === undefined ? [] : cellsOf(analysis);
  const ours = cells.filter((cell) => cell.policy === 'outbox' || cell.policy === 'hardened');
  const control = cells.filter((cell) => cell.policy === 'event-driven');
  const missing = OURS.length - ours.length;
  return {
    lines: [...cells.map(lineOf), ...(missing > 0 ? [`${missing} rows have no valid trial`] : [])],
    passed: missing === 0 && ours.every(holds) && control.some((cell) => cell.lost > 0),
  };
}

function lineOf(cell: Cell): string {
  const { policy, fault, changes, lost, longestMs, boundMs, trials } = cell;
  const bound =
    boundMs === null ? 'no bound' : `bound ${boundMs} ms: ${holds(cell) ? 'kept' : 'broken'}`;
  return `${policy}, ${fault}: ${lost} of ${changes} changes lost, others gone within ${longestMs.toFixed(0)} ms of change and heal (${bound}; n = ${trials})`;
}
