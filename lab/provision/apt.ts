import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findOnPath, runProgram } from './programs.ts';

/**
 * Debian packages unpacked into a folder, without root and without touching the system: apt-get works on lists and a cache of its
 * own, fetches what the system does not have yet, and `dpkg -x` unpacks it.
 * @param folder - Where the packages' files go; it appears whole or not at all, so two labs may do this at once.
 * @returns Null when done, else why it could not be.
 */
export async function unpackDebianPackages(
  packages: readonly string[],
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<string | null> {
  const [apt, dpkg] = [findOnPath(['apt-get'], env), findOnPath(['dpkg'], env)];
  if (apt === null || dpkg === null) return 'no apt-get and dpkg on PATH';
  // Not in the checkout: apt's options do not take every path, e.g. one with spaces.
  const work = mkdtempSync(join(tmpdir(), 'cachelab-apt-'));
  const unfinished = `${folder}.${process.pid}.tmp`;
  try {
    mkdirSync(join(work, 'state', 'lists', 'partial'), { recursive: true });
    mkdirSync(join(work, 'cache', 'archives', 'partial'), { recursive: true });
    const options = [
      `Dir::State=${work}/state`,
      `Dir::Cache=${work}/cache`,
      'Dir::State::status=/var/lib/dpkg/status',
      'Debug::NoLocking=1',
      'Acquire::Languages=none',
      'Acquire::Retries=1',
      'Acquire::http::Timeout=15',
      'Acquire::https::Timeout=15',
      // As root apt would hand the fetching to a user that cannot read the work folder.
      ...(process.getuid?.() === 0 ? ['APT::Sandbox::User=root'] : []),
    ].flatMap((option) => ['-o', option]);
    const update = await runProgram(apt, [...options, '-qq', 'update'], { env, timeoutMs: 90_000 });
    if (update.code !== 0) return `apt-get update failed: ${firstLine(update.stderr)}`;
    // --reinstall: a package asked for by name is fetched even if the system has it, so that its files lie together.
    const install = '-qq -y --download-only --no-install-recommends --reinstall install'.split(' ');
    // An image's clean-up hook may complain about its own folders after a download that worked: the files decide.
    const fetched = await runProgram(apt, [...options, ...install, ...packages], {
      env,
      timeoutMs: 300_000,
    });
    const archives = join(work, 'cache', 'archives');
    const files = readdirSync(archives).filter((name) => name.endsWith('.deb'));
    if (files.length === 0) return `apt-get fetched nothing: ${firstLine(fetched.stderr)}`;
    mkdirSync(unfinished, { recursive: true });
    for (const file of files) {
      const unpacked = await runProgram(dpkg, ['-x', join(archives, file), unfinished], {
        env,
        timeoutMs: 120_000,
      });
      if (unpacked.code !== 0) return `dpkg -x ${file} failed: ${firstLine(unpacked.stderr)}`;
    }
    mkdirSync(dirname(folder), { recursive: true });
    if (!existsSync(folder)) renameSync(unfinished, folder);
    return null;
  } finally {
    rmSync(work, { recursive: true, force: true });
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** `LD_LIBRARY_PATH` for a program among unpacked Debian packages. */
export function unpackedLibraryPath(folder: string): string {
  return ['usr/lib', 'lib']
    .map((name) => join(folder, name))
    .filter((path) => existsSync(path))
    .flatMap((path) => [
      ...readdirSync(path)
        .filter((name) => name.includes('-linux-'))
        .map((name) => join(path, name)),
      path,
    ])
    .join(':');
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}
