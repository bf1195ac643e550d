import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, LabError } from '../errors.ts';
import { labState } from '../provision/reap.mjs';
import { runFiles } from '../provision/supervisor.ts';
import { ROOT } from '../root.ts';

const PATIENCE_MS = 20_000;

/**
 * `down`: ends each `up` that runs in this checkout, by its run file, and waits for its clean-up.
 * @throws LabError `E_STILL_UP` when one does not end in 20 s.
 */
export async function down(): Promise<number> {
  const found = running();
  if (found.length === 0) {
    process.stdout.write('Nothing to end: no `up` runs in this checkout.\n');
    return EXIT.fine;
  }
  for (const { run } of found) process.kill(run.lab.pid, 'SIGTERM');
  const deadlineMs = Date.now() + PATIENCE_MS;
  while (running().length > 0) {
    if (Date.now() > deadlineMs) {
      const pids = running().map(({ run }) => run.lab.pid);
      throw new LabError('E_STILL_UP', `pid ${pids.join(', ')} did not end in 20 s`, {
        hint: `kill -9 ${pids.join(' ')}; then npm run lab -- clean`,
      });
    }
    await sleep(100);
  }
  for (const { run } of found) {
    process.stdout.write(`Ended \`up\` (pid ${run.lab.pid}, since ${run.startedAt}).\n`);
  }
  return EXIT.fine;
}

function running(): ReturnType<typeof runFiles> {
  return runFiles(ROOT).filter(({ run }) => run.label === 'up' && labState(run) === 'alive');
}
