import type { PlannedTrial } from './plan.ts';
import type { TrialRecord } from './result.ts';

/** An invalid trial is repeated so often, in one sitting. */
const MAX_REPEATS = 2;

/** All attempts at a trial, valid or not, in their order. */
export function attemptsOf(
  records: readonly TrialRecord[],
  trial: Pick<PlannedTrial, 'experiment' | 'arm' | 'round'>,
): TrialRecord[] {
  return records.filter(
    (record) =>
      record.experiment === trial.experiment &&
      record.arm === trial.arm &&
      record.round === trial.round,
  );
}

/**
 * A trial is settled when it is valid, or was repeated often enough.
 * @param before - So many records are of earlier sittings whose failures do not count; their valid trials do.
 */
export function isSettled(
  records: readonly TrialRecord[],
  before: number,
  trial: Pick<PlannedTrial, 'experiment' | 'arm' | 'round'>,
): boolean {
  const isValid = attemptsOf(records, trial).some((record) => record.state === 'completed');
  return isValid || attemptsOf(records.slice(before), trial).length > MAX_REPEATS;
}
