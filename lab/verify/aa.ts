import { ROUNDS_PER_COMPARISON, TWINS } from '../../scenarios/aa/experiment.ts';
import { responseMs } from '../measures.ts';
import type { TrialRecord } from '../result.ts';
import { comparePairs } from '../stats/compare.ts';
import type { BenchCriterion } from './criterion.ts';

/** Of 20 comparisons at 5 %, more than 3 false alarms happen by chance in 1.6 % of the cases. */
const FALSE_ALARMS_ALLOWED = 3;

export const criterion: BenchCriterion = {
  kind: 'bench',
  about: 'false alarms between equal arms, about 15 minutes',
  experiments: ['aa'],
  flags: { profile: 'full' },
  judge(_result, records) {
    const { comparisons, falseAlarms } = countFalseAlarms(records);
    return {
      lines: [
        `${falseAlarms} false alarms in ${comparisons} comparisons of ${ROUNDS_PER_COMPARISON} rounds ` +
          `(at most ${FALSE_ALARMS_ALLOWED} of at least 20 allowed)`,
      ],
      passed: comparisons >= 20 && falseAlarms <= FALSE_ALARMS_ALLOWED,
    };
  },
};

/** Takes the valid rounds in their order, six at a time, and asks each six for a difference that is not there. */
export function countFalseAlarms(records: readonly TrialRecord[]): {
  comparisons: number;
  falseAlarms: number;
} {
  const p50 = responseMs('p50Ms', 0.5, '');
  const value = (arm: string, round: number): number | null => {
    const record = records.find(
      (one) => one.state === 'completed' && one.arm === arm && one.round === round,
    );
    return record?.state === 'completed' ? p50.read(record.measurement) : null;
  };
  const rounds = [...new Set(records.map((record) => record.round))].sort((a, b) => a - b);
  let comparisons = 0;
  let falseAlarms = 0;
  for (const [first, second] of TWINS) {
    const pairs = rounds.flatMap((round) => {
      const baseline = value(first, round);
      const candidate = value(second, round);
      return baseline === null || candidate === null ? [] : [{ baseline, candidate }];
    });
    for (let at = 0; at + ROUNDS_PER_COMPARISON <= pairs.length; at += ROUNDS_PER_COMPARISON) {
      comparisons += 1;
      const { p } = comparePairs(pairs.slice(at, at + ROUNDS_PER_COMPARISON));
      if (p !== null && p <= 0.05) falseAlarms += 1;
    }
  }
  return { comparisons, falseAlarms };
}
