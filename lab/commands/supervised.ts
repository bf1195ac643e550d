import { createProgress, type Progress } from '../progress.ts';
import { createSupervisor, type Supervisor, sweepOrphans } from '../provision/supervisor.ts';
import { ROOT } from '../root.ts';

/**
 * Runs `work` with a supervisor and a progress display of its own: what a killed lab left is ended before,
 * what this one started is ended after, whatever happens.
 * @param label - The command, for the run file.
 */
export async function supervised<T>(
  label: string,
  work: (lab: { supervisor: Supervisor; progress: Progress }) => Promise<T>,
): Promise<T> {
  const progress = createProgress(process.stderr, process.env, Date.now);
  for (const line of await sweepOrphans(ROOT)) progress.line(line);
  const onEvent = (line: string): void => progress.line(line);
  const supervisor = createSupervisor({ root: ROOT, label, onEvent });
  try {
    return await work({ supervisor, progress });
  } finally {
    progress.done();
    await supervisor.stopAll();
  }
}
