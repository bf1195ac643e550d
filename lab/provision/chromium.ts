import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { unpackDebianPackages, unpackedLibraryPath } from './apt.ts';
import { cacheFolder } from './places.ts';
import { findOnPath, isExecutable, runProgram, versionIn } from './programs.ts';

/** A browser without a window, for tests of pages. The bench never needs it. */
export interface Chromium {
  bin: string;
  /** Environment to start it with: unpacked packages have their libraries beside them. */
  env: NodeJS.ProcessEnv;
  origin: string;
  version: string;
}

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const MAC = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';
const PACKAGES = ['chromium-headless-shell', 'chromium-common'];

/**
 * Chromium by the first way that works: `CACHELAB_CHROMIUM`, PATH, the cache, Debian's packages unpacked into the cache (290 MB).
 * @param options - `install` (false): whether to unpack packages.
 * @returns The browser, or what was tried, one line each.
 */
export async function findChromium(
  root: string,
  env: NodeJS.ProcessEnv,
  options: { install?: boolean; onEvent?: (line: string) => void } = {},
): Promise<Chromium | { tried: string[] }> {
  const chosen = env['CACHELAB_CHROMIUM'];
  if (chosen !== undefined && chosen !== '') {
    const browser = await check(chosen, env, 'CACHELAB_CHROMIUM');
    return typeof browser === 'string' ? { tried: [`CACHELAB_CHROMIUM: ${browser}`] } : browser;
  }
  const tried = ['CACHELAB_CHROMIUM (not set)'];
  const onPath = findOnPath(NAMES, env) ?? (existsSync(MAC) ? MAC : null);
  if (onPath === null) tried.push(`PATH: none of ${NAMES.join(', ')}`);
  else {
    const browser = await check(onPath, env, `PATH (${onPath})`);
    if (typeof browser !== 'string') return browser;
    tried.push(`PATH: ${browser}`);
  }
  const folder = join(cacheFolder(root, env), 'chromium');
  const bin = join(folder, 'usr', 'lib', 'chromium', 'chromium-headless-shell');
  const checkUnpacked = (): Promise<Chromium | string> =>
    check(
      bin,
      { ...env, LD_LIBRARY_PATH: unpackedLibraryPath(folder) },
      'Debian packages in the cache',
    );
  const cached = await checkUnpacked();
  if (typeof cached !== 'string') return cached;
  if (options.install !== true) return { tried: [...tried, `cache: ${cached}`] };
  if (findOnPath(['apt-get'], env) !== null) {
    options.onEvent?.('Chromium: unpacking the Debian packages, about 10 s');
  }
  const problem = await unpackDebianPackages(PACKAGES, folder, env);
  const unpacked = problem ?? (await checkUnpacked());
  if (typeof unpacked !== 'string') return unpacked;
  return { tried: [...tried, `Debian packages without root: ${unpacked}`] };
}

async function check(
  bin: string,
  env: NodeJS.ProcessEnv,
  origin: string,
): Promise<Chromium | string> {
  if (!isExecutable(bin)) return `no program at ${bin}`;
  const answer = await runProgram(bin, ['--version'], { env, timeoutMs: 20_000 });
  const version = versionIn(answer.stdout);
  if (answer.code !== 0 || version === null) return `${bin} does not run: ${answer.stderr.trim()}`;
  return { bin, env, origin, version };
}
