import { relative } from 'node:path';
import { comparePairs } from '../stats/compare.ts';
import { bench } from '../bench.ts';
import { EXIT, LabError } from '../errors.ts';
import { responseMs } from '../measures.ts';
import { parseRunOptions } from '../options.ts';
import type { TrialRecord } from '../result.ts';
import { ROOT } from '../root.ts';
import { supervised } from './supervised.ts';
import { ROUNDS_PER_COMPARISON, TWINS } from '../../scenarios/aa/experiment.ts';

/** Of 20 comparisons at 5 %, more than 3 false alarms happen by chance in 1.6 % of the cases. */
const FALSE_ALARMS_ALLOWED = 3;

/** `verify CRITERION`: the long checks, with n and verdict. Returns the exit code. */
export async function verifyCommand(criterion: string, resume: string | null): Promise<number> {
  if (criterion !== 'aa') {
    throw new LabError('E_UNKNOWN_CRITERION', `unknown criterion: ${criterion}`, {
      hint: 'known: aa (false alarms between equal arms, about 15 minutes)',
      exitCode: EXIT.badArguments,
    });
  }
  return supervised('verify', async ({ supervisor, progress }) => {
    const { records, folder } = await bench({
      root: ROOT,
      run: parseRunOptions(['aa'], { profile: 'full' }),
      resume,
      command: 'npm run verify -- aa',
      supervisor,
      progress,
    });
    progress.done();
    const { comparisons, falseAlarms } = countFalseAlarms(records);
    const passed = comparisons >= 20 && falseAlarms <= FALSE_ALARMS_ALLOWED;
    process.stdout.write(
      `A/A: ${falseAlarms} false alarms in ${comparisons} comparisons of ${ROUNDS_PER_COMPARISON} rounds ` +
        `(at most ${FALSE_ALARMS_ALLOWED} of at least 20 allowed): ${passed ? 'passed' : 'failed'}\n` +
        `Records: ${relative(process.cwd(), folder)}/records.ndjson\n`,
    );
    return passed ? EXIT.fine : EXIT.regression;
  });
}

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
