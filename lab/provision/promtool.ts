import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { unpackDebianPackages } from './apt.ts';
import { cacheFolder } from './places.ts';
import { findOnPath, isExecutable, runProgram, versionIn } from './programs.ts';

/** Prometheus's checker of rules, for the tests of the alerts. The bench never needs it. */
export interface Promtool {
  bin: string;
  origin: string;
  version: string;
}

/** What else is in the package: the server and its pages, 260 MB. */
const UNUSED = ['usr/bin/prometheus', 'usr/share', 'etc', 'var'];

/**
 * promtool by the first way that works: PATH, the cache, Debian's package unpacked into the cache (48 MB).
 * @param options - `install` (false): whether to unpack the package.
 * @returns The program, or what was tried, one line each.
 */
export async function findPromtool(
  root: string,
  env: NodeJS.ProcessEnv,
  options: { install?: boolean } = {},
): Promise<Promtool | { tried: string[] }> {
  const tried: string[] = [];
  const onPath = findOnPath(['promtool'], env);
  if (onPath === null) tried.push('PATH: no promtool');
  else {
    const found = await check(onPath, `PATH (${onPath})`);
    if (typeof found !== 'string') return found;
    tried.push(`PATH: ${found}`);
  }
  const folder = join(cacheFolder(root, env), 'promtool');
  const bin = join(folder, 'usr', 'bin', 'promtool');
  const cached = await check(bin, 'Debian package in the cache');
  if (typeof cached !== 'string') return cached;
  tried.push(`cache: ${cached}`);
  if (options.install !== true) return { tried };
  const problem = await unpackDebianPackages(['prometheus'], folder, env);
  if (problem !== null) return { tried: [...tried, `Debian package without root: ${problem}`] };
  for (const path of UNUSED) rmSync(join(folder, path), { recursive: true, force: true });
  const unpacked = await check(bin, 'Debian package in the cache');
  return typeof unpacked === 'string' ? { tried: [...tried, unpacked] } : unpacked;
}

async function check(bin: string, origin: string): Promise<Promtool | string> {
  if (!isExecutable(bin)) return `no program at ${bin}`;
  const answer = await runProgram(bin, ['--version']);
  // Prometheus 2 says it on stdout, older ones on stderr.
  const version = versionIn(answer.stdout + answer.stderr);
  if (answer.code !== 0 || version === null) return `${bin} does not run`;
  return { bin, origin, version };
}
