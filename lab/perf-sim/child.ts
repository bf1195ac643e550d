import { LabError } from '../errors.ts';
import type { Job, Reading } from './job.ts';
import { writeLargeTrace } from './large-trace.ts';
import { writeRecipe } from './recipes.ts';
import { measure } from './task.ts';

// One job, given as JSON; its answer is one line of JSON. A process of its own, so that neither compiled code nor memory of
// one measurement helps or burdens the next.
try {
  const answer = await answerTo(JSON.parse(process.argv[2] ?? '') as Job);
  process.stdout.write(`${JSON.stringify(answer)}\n`);
} catch (error) {
  if (!(error instanceof LabError)) throw error;
  process.stderr.write(`${error.code}: ${error.message}\n`);
  process.exitCode = error.exitCode;
}

async function answerTo(job: Job): Promise<Reading | null> {
  if (job.kind === 'recipe') {
    await writeRecipe(job.recipe, job.to);
    return null;
  }
  if (job.kind === 'large') {
    await writeLargeTrace(job.to, job.trace);
    return null;
  }
  const measured = await measure(job);
  return { ...measured, peakBytes: 1024 * process.resourceUsage().maxRSS };
}
