import type { Comparison } from '../lab/result.ts';
import { plural } from './format.ts';

/** The word that a comparison has earned, with the reason where it has none. */
export function verdictText(comparison: Comparison): string {
  if (comparison.ratio === null) return 'no verdict: no valid rounds';
  switch (comparison.rank) {
    case 'interval only':
      return 'interval only';
    case 'noise floor':
      return 'noise floor';
    case 'primary':
    case 'family':
      break;
  }
  if (comparison.verdict === 'no verdict')
    return `no verdict: ${plural(comparison.rounds, 'round')}`;
  if (comparison.verdict === 'inconclusive' && comparison.roundsNeeded !== null) {
    return `inconclusive, needs about ${plural(comparison.roundsNeeded, 'round')}`;
  }
  return comparison.verdict;
}
