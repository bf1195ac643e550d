import { relative } from 'node:path';
import { writeReport } from '../../reports/write.ts';
import { bench } from '../bench.ts';
import { EXPERIMENTS } from '../experiments.ts';
import { missingBaselines, planRun, type RunOptions } from '../plan.ts';
import { duration } from '../progress.ts';
import { EXIT, LabError } from '../errors.ts';
import type { RunResult, VerdictWord } from '../result.ts';
import { ROOT } from '../root.ts';
import { supervised } from './supervised.ts';

/** `bench`: runs the plan, writes the report, prints the verdicts. Returns the exit code. */
export function benchCommand(options: {
  run: RunOptions;
  resume: string | null;
  /** With `resume`: trials that stayed without a valid one are tried again. */
  retryInvalid: boolean;
  json: boolean;
  /** Exit code 4 when a primary comparison ends without a word. */
  requireVerdict: boolean;
  command: string;
}): Promise<number> {
  if (options.retryInvalid && options.resume === null) {
    throw new LabError('E_BAD_OPTIONS', '--retry-invalid needs --resume and the run to take up', {
      hint: 'npm run bench -- --resume RUN --retry-invalid',
      exitCode: EXIT.badArguments,
    });
  }
  return supervised('bench', async ({ supervisor, progress }) => {
    const { run, resume, retryInvalid, command } = options;
    if (run.arms !== null && resume === null) {
      for (const line of planRun(EXPERIMENTS, run).flatMap(missingBaselines)) progress.line(line);
    }
    const { result, records, folder, exitCode } = await bench({
      ...{ root: ROOT, run, resume, retryInvalid, command, supervisor, progress },
    });
    await supervisor.stopAll();
    progress.now('writing the report');
    await writeReport(result, records, folder);
    progress.done();
    const path = relative(process.cwd(), folder) || '.';
    if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    else printAnswers(result, records.length, `${path}/report.html`);
    const open = options.requireVerdict ? withoutVerdict(result) : [];
    for (const sentence of open) process.stderr.write(`${sentence}\n`);
    return exitCode === EXIT.fine && open.length > 0 ? EXIT.inconclusive : exitCode;
  });
}

/** The primary comparisons that found no word, one sentence each: too few rounds, or an effect at the edge of the zone. */
export function withoutVerdict({ experiments }: RunResult): string[] {
  return experiments.flatMap(({ name, comparisons }) =>
    comparisons
      .filter(({ rank, verdict }) => rank === 'primary' && NO_WORD.has(verdict))
      .map(
        ({ candidate, baseline, measure, verdict, rounds, roundsNeeded }) =>
          `${name}: ${measure.title} of ${candidate} against ${baseline} is without verdict after ${rounds} rounds (${verdict}${roundsNeeded === null ? '' : `, needs about ${roundsNeeded}`})`,
      ),
  );
}

const NO_WORD = new Set<VerdictWord>(['inconclusive', 'no verdict']);

function printAnswers(
  { experiments, wallSeconds }: RunResult,
  trials: number,
  report: string,
): void {
  for (const { question, answer } of experiments) {
    process.stdout.write(`\n${question}\n  ${answer}\n`);
  }
  process.stdout.write(`\n${trials} trials in ${duration(wallSeconds)}. Report: ${report}\n`);
  for (const { name, armsWithoutData } of experiments) {
    if (armsWithoutData.length === 0) continue;
    process.stdout.write(
      `${name}: no valid trial of ${armsWithoutData.join(', ')}; the reasons are in the report\n`,
    );
  }
}
