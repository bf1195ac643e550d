import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { LabError } from '../errors.ts';
import { download, sha256 } from './download.ts';
import { missingService } from './missing.ts';
import { cacheFolder } from './places.ts';
import {
  dockerProblem,
  findOnPath,
  isExecutable,
  runProgram,
  versionAtLeast,
  versionIn,
} from './programs.ts';

/** The load generator. */
export interface K6 {
  bin: string;
  /** How it was found, e.g. `built by Go from go.k6.io/k6@v1.8.1`. */
  origin: string;
  version: string;
}

/** The version that is fetched or built; any other from 1.0 on is taken when it is there already. */
export const K6_VERSION = '1.8.1';
const MINIMUM = '1.0';
/** Addresses of the official release; `CACHELAB_MIRROR` takes the place of everything before `/v<version>`. */
export const K6_RELEASE = {
  folder(env: NodeJS.ProcessEnv): string {
    const mirror = env['CACHELAB_MIRROR'] ?? '';
    const base = mirror === '' ? 'https://github.com/grafana/k6/releases/download' : mirror;
    return `${base.replace(/\/+$/, '')}/v${K6_VERSION}`;
  },
  checksums(env: NodeJS.ProcessEnv): string {
    return `${K6_RELEASE.folder(env)}/k6-v${K6_VERSION}-checksums.txt`;
  },
};
const BUILD_TIMEOUT_MS = 15 * 60_000;

/**
 * k6 by the first way that works: `K6_BIN`, PATH (>= 1.0), the cache, the official release file with its checksum verified, `go install`,
 * Docker.
 * @throws LabError `E_K6_MISSING` (exit 69); `E_K6_UNUSABLE` when `K6_BIN` is set but does not run.
 */
export async function provideK6(options: {
  root: string;
  env: NodeJS.ProcessEnv;
  onEvent?: (line: string) => void;
}): Promise<K6> {
  const say = options.onEvent ?? (() => {});
  const found = await findK6(options.root, options.env, { install: true, onEvent: say });
  if ('tried' in found) {
    throw missingService('E_K6_MISSING', 'k6', found.tried, {
      debian:
        'sudo apt-get install golang-go (1.24 or newer), or the package of https://k6.io/docs',
      macos: 'brew install k6',
      other: `https://github.com/grafana/k6/releases, then set K6_BIN=/path/to/k6`,
      without: 'npm run lab -- up (the store and its policies, without load)',
    });
  }
  say(`k6 ${found.version} from ${found.origin}`);
  return found;
}

/**
 * The program; with `install`, fetched or built if it is not there.
 * @returns k6, or what was tried, one line each.
 * @throws LabError `E_K6_UNUSABLE`: an explicit wish is never replaced by something else.
 */
export async function findK6(
  root: string,
  env: NodeJS.ProcessEnv,
  options: { install: boolean; onEvent?: (line: string) => void },
): Promise<K6 | { tried: string[] }> {
  const say = options.onEvent ?? (() => {});
  const chosen = env['K6_BIN'];
  if (chosen !== undefined && chosen !== '') {
    const k6 = await check(chosen, `K6_BIN (${chosen})`, env);
    if (typeof k6 !== 'string') return k6;
    throw new LabError('E_K6_UNUSABLE', `K6_BIN: ${k6}`, {
      hint: `set K6_BIN to a k6 of version ${MINIMUM} or newer, or unset it to let the lab find one`,
      exitCode: 69,
    });
  }
  const tried = ['K6_BIN (not set)'];
  const target = cachedK6(root, env);
  const onPath = findOnPath(['k6'], env);
  const look: [string, () => Promise<K6 | string>][] = [
    ['PATH', async () => (onPath === null ? 'no k6' : check(onPath, `PATH (${onPath})`, env))],
    ['cache', () => check(target, 'cache', env)],
  ];
  const install: [string, () => Promise<K6 | string>][] = [
    ['release file', () => fetchRelease(target, env, say)],
    ['go install', () => buildWithGo(target, env, say)],
    ['Docker', () => wrapDocker(root, target, env)],
  ];
  for (const [name, attempt] of options.install ? [...look, ...install] : look) {
    const result = await attempt().catch((error: unknown) =>
      error instanceof Error ? error.message : String(error),
    );
    if (typeof result !== 'string') return result;
    tried.push(`${name}: ${result}`);
  }
  return { tried };
}

/** Where a fetched or built k6 is kept. */
export function cachedK6(root: string, env: NodeJS.ProcessEnv): string {
  return join(cacheFolder(root, env), `k6-${K6_VERSION}`, 'k6');
}

async function check(bin: string, origin: string, env: NodeJS.ProcessEnv): Promise<K6 | string> {
  if (!isExecutable(bin)) return `no program at ${bin}`;
  const answer = await runProgram(bin, ['version'], { env, timeoutMs: 20_000 });
  const version = versionIn(answer.stdout);
  if (answer.code !== 0 || version === null) return `${bin} does not run: ${answer.stderr.trim()}`;
  if (!versionAtLeast(version, MINIMUM)) return `${bin} is ${version}, needed is ${MINIMUM}`;
  return { bin, origin, version };
}

/** Name of the official release file for this platform; null where there is none. */
export function releaseFile(platform: string, arch: string): string | null {
  const cpu = { x64: 'amd64', arm64: 'arm64' }[arch];
  if (cpu === undefined) return null;
  if (platform === 'linux') return `k6-v${K6_VERSION}-linux-${cpu}.tar.gz`;
  return platform === 'darwin' ? `k6-v${K6_VERSION}-macos-${cpu}.zip` : null;
}

/**
 * Fetches the release file and verifies it against the release's own list of checksums. That list comes from the same address, so
 * it shows a damaged or half file; against a forged release it is no better than TLS to that address.
 */
async function fetchRelease(
  target: string,
  env: NodeJS.ProcessEnv,
  say: (line: string) => void,
): Promise<K6 | string> {
  const file = releaseFile(process.platform, process.arch);
  if (file === null) return `none for ${process.platform}-${process.arch}`;
  const tar = findOnPath(['tar', 'bsdtar'], env);
  if (tar === null) return 'no tar on PATH to unpack it';
  const folder = K6_RELEASE.folder(env);
  const list = (await download(K6_RELEASE.checksums(env), env)).toString('utf8');
  const expected = list
    .split('\n')
    .map((line) => line.trim().split(/\s+\*?/))
    .find(([, name]) => name === file)?.[0];
  if (expected === undefined) return `${folder} lists no checksum of ${file}`;
  say(`k6: fetching ${file}`);
  const bytes = await download(`${folder}/${file}`, env);
  const actual = sha256(bytes);
  if (actual !== expected.toLowerCase()) {
    return `${file} has SHA-256 ${actual}, its list says ${expected}: not used`;
  }
  return installWhole(target, env, `release file ${file}`, async (work) => {
    writeFileSync(join(work, file), bytes);
    const unpacked = await runProgram(tar, ['-xf', file], { cwd: work, env, timeoutMs: 60_000 });
    if (unpacked.code !== 0) throw new Error(`${tar} cannot unpack ${file}: ${unpacked.stderr}`);
    return join(work, file.replace(/\.(tar\.gz|zip)$/, ''), 'k6');
  });
}

async function buildWithGo(
  target: string,
  env: NodeJS.ProcessEnv,
  say: (line: string) => void,
): Promise<K6 | string> {
  const go = findOnPath(['go'], env);
  if (go === null) return 'no go on PATH';
  const module = `go.k6.io/k6@v${K6_VERSION}`;
  say(`k6: building ${module} with Go, once, about 1-2 min`);
  return installWhole(target, env, `built by Go from ${module}`, async (work) => {
    const goEnv: NodeJS.ProcessEnv = { ...env, GOBIN: work, GOFLAGS: '-mod=mod', CGO_ENABLED: '0' };
    if (!homeIsWritable(env)) {
      // Go keeps both below HOME; the module cache is read-only by default, which would make it hard to remove.
      goEnv['GOCACHE'] = join(work, 'build');
      goEnv['GOPATH'] = join(work, 'path');
      goEnv['GOFLAGS'] = '-mod=mod -modcacherw';
    }
    const built = await runProgram(go, ['install', module], {
      env: goEnv,
      cwd: work,
      timeoutMs: BUILD_TIMEOUT_MS,
    });
    if (built.code !== 0) throw new Error(built.stderr.trim().split('\n').at(-1) ?? 'failed');
    return join(work, 'k6');
  });
}

/** A script that runs k6 in a container with the host's network. The CPU that k6 uses there is not seen by the lab. */
async function wrapDocker(
  root: string,
  target: string,
  env: NodeJS.ProcessEnv,
): Promise<K6 | string> {
  const problem = await dockerProblem(env);
  if (problem !== null) return problem;
  const quoted = `'${root.replaceAll("'", "'\\''")}'`;
  const image = `grafana/k6:${K6_VERSION}`;
  const script = `#!/bin/sh
exec docker run --rm -i --network host --user "$(id -u):$(id -g)" -v ${quoted}:${quoted} -w "$PWD" ${image} "$@"
`;
  const bin = join(target, '..', 'k6-docker');
  mkdirSync(join(target, '..'), { recursive: true });
  writeFileSync(bin, script);
  chmodSync(bin, 0o755);
  return check(bin, `Docker ${image} (its CPU is not measured)`, env);
}

/** Makes the program in a work folder and moves it to its place whole, so two labs may do this at once. */
async function installWhole(
  target: string,
  env: NodeJS.ProcessEnv,
  origin: string,
  make: (work: string) => Promise<string>,
): Promise<K6 | string> {
  const folder = join(target, '..');
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(folder, 'new-'));
  try {
    const made = await make(work);
    chmodSync(made, 0o755);
    renameSync(made, target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return check(target, origin, env);
}

function homeIsWritable(env: NodeJS.ProcessEnv): boolean {
  const home = env['HOME'] ?? homedir();
  if (home === '' || !existsSync(home)) return false;
  try {
    rmSync(mkdtempSync(join(home, '.cachelab-')), { recursive: true });
    return true;
  } catch {
    return false;
  }
}
