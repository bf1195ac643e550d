import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, LabError } from '../errors.ts';
import { cacheFolder } from '../provision/places.ts';
import { labState } from '../provision/reap.mjs';
import { runFiles, sweepOrphans } from '../provision/supervisor.ts';
import { ROOT } from '../root.ts';

/**
 * `clean`: ends what a killed lab left and removes its data; `cache`: also fetched and built tools; `runs`: also runs and reports.
 * @throws LabError `E_LAB_RUNS` while a lab runs in this checkout and its cache or runs are to go.
 */
export async function clean(options: { cache: boolean; runs: boolean }): Promise<number> {
  for (const line of await sweepOrphans(ROOT)) say(`left by a killed lab, ended: ${line}`);

  const alive = runFiles(ROOT).filter(({ run }) => labState(run) === 'alive');
  if (alive.length > 0 && (options.cache || options.runs)) {
    const names = alive.map(({ run }) => `${run.label} (pid ${run.lab.pid})`).join(', ');
    throw new LabError('E_LAB_RUNS', `${names} runs in this checkout`, {
      hint: 'end it first: Ctrl-C where it runs, or npm run lab -- down',
    });
  }
  for (const { path, run } of runFiles(ROOT)) {
    const state = labState(run);
    if (state === 'alive') say(`left alone: ${run.label} (pid ${run.lab.pid}) is running`);
    else say(`left alone: ${path} is of another machine or container; remove it if that is gone`);
  }

  const state = join(ROOT, '.cachelab');
  const named = new Set(runFiles(ROOT).flatMap(({ run }) => run.folders));
  const folders = existsSync(state) ? readdirSync(state) : [];
  const stale = folders
    .filter((name) => name.startsWith('run-'))
    .map((name) => join(state, name))
    .filter((path) => !named.has(path));
  if (options.cache) {
    const kept = ['npm-cache', 'traces', 'perf-sim', 'peer-libcachesim'];
    stale.push(cacheFolder(ROOT, process.env), ...kept.map((name) => join(state, name)));
  }
  if (options.runs) stale.push(join(ROOT, 'reports', 'runs'));
  for (const path of stale.filter((candidate) => existsSync(candidate))) {
    rmSync(path, { recursive: true, force: true });
    say(`removed ${path}`);
  }
  return EXIT.fine;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
