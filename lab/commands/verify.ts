import { relative } from 'node:path';
import { bench } from '../bench.ts';
import { EXIT, LabError } from '../errors.ts';
import { parseRunOptions } from '../options.ts';
import type { Progress } from '../progress.ts';
import type { Supervisor } from '../provision/supervisor.ts';
import { ROOT } from '../root.ts';
import { CRITERIA } from '../verify/criteria.ts';
import type { BenchCriterion, Judgement } from '../verify/criterion.ts';
import { supervised } from './supervised.ts';

/** `verify CRITERION`: the long checks, with n and verdict. Returns the exit code. */
export async function verifyCommand(name: string, resume: string | null): Promise<number> {
  const criterion = Object.hasOwn(CRITERIA, name) ? CRITERIA[name] : undefined;
  if (criterion === undefined) {
    const known = Object.entries(CRITERIA).map(([one, { about }]) => `${one}: ${about}`);
    throw new LabError('E_UNKNOWN_CRITERION', `unknown criterion: ${name}`, {
      hint: `known: ${known.join('; ')}`,
      exitCode: EXIT.badArguments,
    });
  }
  return supervised('verify', async ({ supervisor, progress }) => {
    const { lines, passed } =
      criterion.kind === 'own'
        ? await criterion.run({ root: ROOT, supervisor, progress })
        : await judged(name, criterion, resume, { supervisor, progress });
    progress.done();
    process.stdout.write(`${[...lines, `${name}: ${passed ? 'passed' : 'failed'}`].join('\n')}\n`);
    return passed ? EXIT.fine : EXIT.regression;
  });
}

async function judged(
  name: string,
  criterion: BenchCriterion,
  resume: string | null,
  lab: { supervisor: Supervisor; progress: Progress },
): Promise<Judgement> {
  const { experiments, flags, design } = criterion;
  const run = parseRunOptions(experiments, flags);
  const { result, records, folder } = await bench({
    ...lab,
    root: ROOT,
    run: design === undefined ? run : { ...run, design },
    resume,
    command: `npm run verify -- ${name}`,
  });
  const { lines, passed } = criterion.judge(result, records);
  return {
    passed,
    lines: [...lines, `Records: ${relative(process.cwd(), folder)}/records.ndjson`],
  };
}
