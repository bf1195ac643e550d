import { randomBytes } from 'node:crypto';
import { existsSync, lstatSync, statSync } from 'node:fs';
import { mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { EXIT, LabError } from '../errors.ts';
import { copyAll, copyPackages, copyTools, trackedFiles } from '../pack/contents.ts';
import { findOnPath } from '../provision/programs.ts';
import type { Progress } from '../progress.ts';
import type { Supervisor } from '../provision/supervisor.ts';
import { ROOT } from '../root.ts';
import { printLines } from './lines.ts';
import { supervised } from './supervised.ts';

/** Folder that a pack unpacks to. */
const FOLDER = 'cachelab';

/**
 * `pack`: the files of the repository, the packages and the programs that the lab would fetch, in one file for machines of this platform
 * that have no network. The file appears whole or not at all.
 * @throws LabError `E_BAD_OPTIONS` with everything that is wrong at once; `E_PACK` when tar fails.
 */
export async function pack(name: string = usualName()): Promise<number> {
  const file = resolve(name);
  const tar = check(file);
  return supervised('pack', async (lab) => {
    try {
      return await makePack(tar, file, lab);
    } catch (error) {
      // Asked to end: the files vanish beneath us, and the supervisor's handler ends this process with its own exit code.
      if (lab.supervisor.interrupted.aborted) await new Promise<never>(() => {});
      throw error;
    }
  });
}

async function makePack(
  tar: string,
  file: string,
  { supervisor, progress }: { supervisor: Supervisor; progress: Progress },
): Promise<number> {
  const folder = join(supervisor.runFolder, FOLDER);
  await mkdir(folder);
  progress.now('the repository and its packages');
  await copyAll(ROOT, await trackedFiles(ROOT), folder);
  const files = await sizeMb(folder);
  await copyPackages(ROOT, folder);
  const packages = await sizeMb(folder);
  progress.now('the programs');
  const missing = await copyTools(ROOT, folder, process.env, (line) => progress.line(line));
  const all = await sizeMb(folder);
  progress.now(`writing ${basename(file)}`);
  await writeWhole({ tar, file, supervisor });

  printLines([
    ['repository', `${files} MB`],
    ['packages', `${packages - files} MB`],
    ['programs', `${all - packages} MB`],
    ['pack', `${Math.round(statSync(file).size / 1e6)} MB, for ${platform()}: ${file}`],
  ]);
  for (const line of missing) process.stdout.write(`Not in it: ${line}\n`);
  process.stdout.write(
    `On the other machine: tar -xf ${basename(file)} && cd ${FOLDER} && npm run lab -- doctor && npm run workshop\n`,
  );
  return EXIT.fine;
}

function platform(): string {
  return `${process.platform}-${process.arch}`;
}

function usualName(): string {
  return `cachelab-${platform()}.tar.gz`;
}

/** @returns The program that writes the file. */
function check(file: string): string {
  const tar = findOnPath(['tar', 'bsdtar'], process.env);
  const problems = [
    tar === null ? 'there is no tar on PATH' : '',
    /\.tar(\.gz)?$/.test(file) ? '' : `the file must end in .tar.gz or .tar, not ${basename(file)}`,
    existsSync(dirname(file)) ? '' : `there is no folder ${dirname(file)}`,
    existsSync(file) ? `${file} is there already, and is not overwritten` : '',
  ].filter((line) => line !== '');
  if (tar !== null && problems.length === 0) return tar;
  throw new LabError('E_BAD_OPTIONS', problems.join('\n'), {
    hint: 'npm run lab -- pack FILE takes the name of a new file',
    exitCode: EXIT.badArguments,
  });
}

/** Under another name first, beside its place: that file goes at the end, whatever happens. */
async function writeWhole(options: {
  tar: string;
  file: string;
  supervisor: Supervisor;
}): Promise<void> {
  const { tar, file, supervisor } = options;
  const unfinished = join(dirname(file), `cachelab-unfinished-${randomBytes(4).toString('hex')}`);
  supervisor.addFolder(unfinished);
  const log = join(supervisor.runFolder, 'tar.log');
  const { exited } = supervisor.spawn(
    'tar',
    tar,
    [file.endsWith('.gz') ? '-czf' : '-cf', unfinished, '-C', supervisor.runFolder, FOLDER],
    // macOS would pack a second file for each that has extended attributes.
    { logFile: log, env: { ...process.env, COPYFILE_DISABLE: '1' } },
  );
  const { code, signal } = await exited;
  if (code !== 0) {
    const said = (await lastLine(log)) || `${signal ?? code}`;
    throw new LabError('E_PACK', `${tar} could not write ${file}: ${said}`, {
      hint: 'is there room for it, and may it be written there?',
    });
  }
  await rename(unfinished, file);
}

async function lastLine(path: string): Promise<string> {
  return (await readFile(path, 'utf8')).trim().split('\n').at(-1) ?? '';
}

/** Of all files below a folder, in MB (10⁶ bytes), rounded. */
async function sizeMb(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map((entry) => lstatSync(join(entry.parentPath, entry.name)).size);
  return Math.round(sizes.reduce((sum, size) => sum + size, 0) / 1e6);
}
