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
        state === 'completed' ? [] : [{ ...trial, arm, state, reasons: decisive(reasons) }],
      ),
    )
    .sort((a, b) => a.order - b.order);
}

/** The reasons that made a trial invalid, without the warnings beside them. */
function decisive(reasons: readonly string[]): string {
  const grave = reasons.filter((reason) => !/^(?:warning|measure): /.test(reason));
  const shown = grave.map((reason) => reason.replace(/^invalid: /, ''));
  return shown.join('; ') || reasons.join('; ') || 'no reason recorded';
}

/** How often each reason made a trial invalid: `foreign-cpu 30, witnesses-disagree 21`; empty without one. */
export function reasonCounts(name: string, records: readonly TrialRecord[]): string {
  const counts = new Map<string, number>();
  for (const record of records) {
    if (record.experiment !== name || record.state === 'completed') continue;
    const flags =
      record.state === 'failed'
        ? ['failed']
        : record.flags.flatMap(({ flag, severity }) => (severity === 'invalid' ? [flag] : []));
    for (const flag of flags) counts.set(flag, (counts.get(flag) ?? 0) + 1);
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([flag, count]) => `${flag} ${count}`)
    .join(', ');
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
