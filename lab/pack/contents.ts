import { copyFile, cp, mkdir } from 'node:fs/promises';
import { cpSync, existsSync, lstatSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { LabError } from '../errors.ts';
import { unpackDebianPackages } from '../provision/apt.ts';
import { cachedK6, provideK6 } from '../provision/k6.ts';
import { cacheFolder } from '../provision/places.ts';
import { shippedPostgres } from '../provision/postgres.ts';
import { runProgram } from '../provision/programs.ts';
import { cachedRedis, REDIS_PACKAGES } from '../provision/redis.ts';

/** What `npm ci` left, by which the way in (scripts/run.mjs) knows that nothing is to be installed. */
const STAMP = join('node_modules', '.cachelab-lock');

/** Paths of what git tracks, as it lies in the folder now: edits are packed, other files are not. @throws LabError `E_NO_CLONE`. */
export async function trackedFiles(root: string): Promise<string[]> {
  const listed = await runProgram('git', ['-C', root, 'ls-files', '-z'], { timeoutMs: 30_000 });
  const files = listed.stdout.split('\0').filter((file) => file !== '');
  if (listed.code === 0 && files.includes('package.json')) {
    return files.filter((file) => lstatSync(join(root, file), { throwIfNoEntry: false }));
  }
  throw new LabError('E_NO_CLONE', `${root} is no clone: ${listed.stderr.trim()}`, {
    hint: 'a pack is made in a clone of the repository, with git on PATH; a pack itself is copied as it is',
  });
}

/** Folders of the packages that the lab needs to run, without those for its own tests and checks. @throws LabError `E_NOT_INSTALLED`. */
export function packageFolders(root: string): string[] {
  if (!existsSync(join(root, STAMP))) {
    throw new LabError(
      'E_NOT_INSTALLED',
      `no ${STAMP}: the packages are not those of the lock file`,
      {
        hint: 'start it as npm run lab -- pack, which installs them first',
      },
    );
  }
  const lock: { packages: Record<string, { dev?: boolean }> } = JSON.parse(
    readFileSync(join(root, 'package-lock.json'), 'utf8'),
  );
  return Object.entries(lock.packages)
    .filter(([path, { dev }]) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) && dev !== true)
    .map(([path]) => path)
    .filter((path) => existsSync(join(root, path))); // those of other platforms are not
}

/** Copies files and folders to the same paths below another folder; links stay links. */
export async function copyAll(root: string, paths: readonly string[], to: string): Promise<void> {
  for (const path of paths) {
    // Twice as fast as its asynchronous twin; between two paths a Ctrl-C is heard.
    cpSync(join(root, path), join(to, path), { recursive: true, verbatimSymlinks: true });
    await setImmediate();
  }
}

export async function copyPackages(root: string, to: string): Promise<void> {
  await copyAll(root, [...packageFolders(root), STAMP], to);
}

/**
 * Puts the programs that the lab would otherwise fetch where it looks for them first.
 * @returns What could not be had, each with what to do where the pack is unpacked.
 */
export async function copyTools(
  root: string,
  to: string,
  env: NodeJS.ProcessEnv,
  say: (line: string) => void,
): Promise<string[]> {
  const missing: string[] = [];
  // The cache of the pack, wherever that of this checkout lies.
  const unpacked: NodeJS.ProcessEnv = { ...env, CACHELAB_CACHE: '' };
  const k6 = await provideK6({ root, env, onEvent: say });
  if (k6.origin.startsWith('Docker')) {
    missing.push('k6, which this machine has in Docker only: install it there, or set K6_BIN');
  } else {
    const target = cachedK6(to, unpacked);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(k6.bin, target);
  }
  const problem = await copyRedis(root, join(cacheFolder(to, unpacked), 'redis'), env);
  if (problem !== null)
    missing.push(`Redis (${problem}): install it there, e.g. brew install redis`);
  if (shippedPostgres(root) === null) {
    missing.push('Postgres, of which npm has no package for this platform: install it there');
  }
  return missing;
}

/** @returns Why it could not be, or null. A system's own program is not packed, since its libraries lie elsewhere. */
async function copyRedis(
  root: string,
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<string | null> {
  const cached = cachedRedis(root, env);
  if (existsSync(cached.bin)) {
    await cp(cached.folder, folder, { recursive: true, verbatimSymlinks: true });
    return null;
  }
  if (process.platform !== 'linux') return 'that of this machine has its libraries elsewhere';
  return unpackDebianPackages(REDIS_PACKAGES, folder, env);
}
