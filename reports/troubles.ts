import type { ExperimentAnalysis, TrialRecord } from '../lab/result.ts';
import { plural } from './format.ts';

/** A trial that does not count, and why. */
export interface Trouble {
  order: number;
  arm: string;
  round: number;
  attempt: number;
  state: 'invalid' | 'failed';
  reasons: string;
}

/** Trials that are left out of every figure, in run order. */
export function troubles(analysis: ExperimentAnalysis): Trouble[] {
  return analysis.arms
    .flatMap(({ arm, strip }) =>
      strip.flatMap(({ state, reasons, ...trial }) =>
        state === 'completed'
          ? []
          : [{ ...trial, arm, state, reasons: reasons.join('; ') || 'no reason recorded' }],
      ),
    )
    .sort((a, b) => a.order - b.order);
}

/** Warnings and flags taken as measures on trials that do count: `foreign-cpu, 3 trials: …`. */
export function reserves(name: string, records: readonly TrialRecord[]): string[] {
  const byFlag = new Map<string, { count: number; example: string }>();
  for (const record of records) {
    if (record.experiment !== name || record.state !== 'completed') continue;
    for (const { flag, severity, detail } of record.flags) {
      const key = `${flag} (${severity})`;
      const known = byFlag.get(key);
      byFlag.set(key, { count: (known?.count ?? 0) + 1, example: known?.example ?? detail });
    }
  }
  return [...byFlag].map(
    ([flag, { count, example }]) => `${flag}, ${plural(count, 'trial')}, for example: ${example}`,
  );
}
