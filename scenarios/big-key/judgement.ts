import type { Analysed } from '../../lab/experiment.ts';
import type { ClaimResult, TheoryCheck } from '../../lab/result.ts';
export const answer = (_: Analysed): string => '';
export const claims = (_: Analysed): ClaimResult[] => [];
export const theory = (_: Analysed): TheoryCheck[] => [];
