import { relative } from 'node:path';
import { writeReport } from '../../reports/write.ts';
import { bench } from '../bench.ts';
import type { RunOptions } from '../plan.ts';
import { createProgress, duration } from '../progress.ts';
import { createSupervisor, sweepOrphans } from '../provision/supervisor.ts';
import { ROOT } from '../root.ts';

/** `bench`: runs the plan, writes the report, prints the verdicts. Returns the exit code. */
export async function benchCommand(options: {
  run: RunOptions;
  resume: string | null;
  json: boolean;
  command: string;
}): Promise<number> {
  const progress = createProgress(process.stderr, process.env, Date.now);
  for (const line of await sweepOrphans(ROOT)) progress.line(line);
  const supervisor = createSupervisor({
    root: ROOT,
    label: 'bench',
    onEvent: (line) => progress.line(line),
  });
  try {
    const { result, records, folder, exitCode } = await bench({
      root: ROOT,
      run: options.run,
      resume: options.resume,
      command: options.command,
      supervisor,
      progress,
    });
    await supervisor.stopAll();
    progress.now('writing the report');
    await writeReport(result, records, folder);
    progress.done();
    if (options.json) {
      process.stdout.write(`${JSON.stringify(result)}\n`);
      return exitCode;
    }
    for (const experiment of result.experiments) {
      process.stdout.write(`\n${experiment.question}\n  ${experiment.answer}\n`);
    }
    const path = relative(process.cwd(), folder) || '.';
    process.stdout.write(
      `\n${records.length} trials in ${duration(result.wallSeconds)}. Report: ${path}/report.html\n`,
    );
    for (const experiment of result.experiments) {
      if (experiment.armsWithoutData.length === 0) continue;
      process.stdout.write(
        `${experiment.name}: no valid trial of ${experiment.armsWithoutData.join(', ')}; the reasons are in the report\n`,
      );
    }
    return exitCode;
  } finally {
    progress.done();
    await supervisor.stopAll();
  }
}
