import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis as RedisClient } from 'ioredis';
import { LabError } from '../errors.ts';
import { unpackDebianPackages, unpackedLibraryPath } from './apt.ts';
import { missingService } from './missing.ts';
import { cacheFolder } from './places.ts';
import { freePort, requireFreePort } from './ports.ts';
import {
  dockerProblem,
  findOnPath,
  isExecutable,
  runProgram,
  versionAtLeast,
  versionIn,
} from './programs.ts';
import type { SupervisedProcess, Supervisor } from './supervisor.ts';

/** A Redis (or Valkey) server. */
export interface Redis {
  url: string;
  /** How it was found, e.g. `PATH (/usr/bin/redis-server)`. */
  origin: string;
  version: string;
  /** Started by the lab: it may be flushed, frozen, killed and reconfigured. */
  owned: boolean;
  pid: number | null;
  /** Every key of ours begins with it. Empty on a server of our own. */
  keyPrefix: string;
  process: SupervisedProcess | null;
}

/** A server program that can be started any number of times. */
export interface RedisProgram {
  bin: string;
  env: NodeJS.ProcessEnv;
  origin: string;
  version: string;
}

const MINIMUM = '6.2';
const START_TRIES = 3;
const READY_TIMEOUT_MS = 10_000;
const DOCKER_IMAGE = 'redis:8.2-bookworm';
const NAMES = ['redis-server', 'valkey-server'];
/** Debian's. */
export const REDIS_PACKAGES: readonly string[] = ['redis-server', 'redis-tools'];

/**
 * Redis by the first way that works: `CACHELAB_REDIS_URL`, redis-server or valkey-server (>= 6.2) on PATH or in the cache, Debian's
 * packages unpacked into the cache, Homebrew, Docker.
 * @throws LabError `E_REDIS_MISSING` (exit 69); `E_REDIS_UNREACHABLE` when `CACHELAB_REDIS_URL` is set but cannot be used.
 */
export async function provideRedis(options: {
  root: string;
  supervisor: Supervisor;
  env: NodeJS.ProcessEnv;
  onEvent?: (line: string) => void;
}): Promise<Redis> {
  const { root, supervisor, env } = options;
  const say = options.onEvent ?? (() => {});
  const url = env['CACHELAB_REDIS_URL'];
  if (url !== undefined && url !== '') return useRedis(url);

  const found = await findRedis(root, env, { install: true, onEvent: say });
  if ('bin' in found) {
    say(`Redis ${found.version} from ${found.origin}`);
    return startRedis({ supervisor, ...found });
  }
  const problem = await dockerProblem(env);
  const docker = problem ?? (await startInDocker(supervisor, env));
  if (typeof docker !== 'string') return docker;
  throw missingService('E_REDIS_MISSING', 'Redis', [...found.tried, `Docker: ${docker}`], {
    debian: 'sudo apt-get install redis-server',
    macos: 'brew install redis',
    other: `WSL2 or Docker, or set CACHELAB_REDIS_URL=redis://host:6379 (${MINIMUM} or newer)`,
    without: 'npm run bench -- --arms uncached,joined',
  });
}

/**
 * The server program; with `install`, installed if that needs no human and touches no system file.
 * @returns The program, or what was tried, one line each.
 */
export async function findRedis(
  root: string,
  env: NodeJS.ProcessEnv,
  options: { install: boolean; onEvent?: (line: string) => void },
): Promise<RedisProgram | { tried: string[] }> {
  const say = options.onEvent ?? (() => {});
  const tried = ['CACHELAB_REDIS_URL (not set)'];
  const onPath = findOnPath(NAMES, env);
  if (onPath === null) tried.push(`PATH: neither ${NAMES.join(' nor ')}`);
  else {
    const program = await check(onPath, env, `PATH (${onPath})`);
    if (typeof program !== 'string') return program;
    tried.push(`PATH: ${program}`);
  }

  const cached = cachedRedis(root, env);
  const unpacked = await check(cached.bin, cached.env, cached.origin);
  if (typeof unpacked !== 'string') return unpacked;
  if (!options.install) return { tried };
  if (process.platform === 'linux') {
    if (findOnPath(['apt-get'], env) !== null)
      say('Redis: unpacking the Debian packages, a few seconds');
    const problem = await unpackDebianPackages(REDIS_PACKAGES, cached.folder, env);
    const program = problem ?? (await check(cached.bin, cached.env, cached.origin));
    if (typeof program !== 'string') return program;
    tried.push(`Debian packages without root: ${program}`);
  }

  const brew = process.platform === 'darwin' ? findOnPath(['brew'], env) : null;
  if (brew !== null) {
    say('Redis: brew install redis');
    const installed = await runProgram(brew, ['install', '--quiet', 'redis'], {
      env,
      timeoutMs: 300_000,
    });
    const prefix = (await runProgram(brew, ['--prefix'], { env })).stdout.trim();
    const bin = join(prefix, 'bin', 'redis-server');
    const program =
      installed.code === 0 ? await check(bin, env, 'Homebrew') : 'brew install failed';
    if (typeof program !== 'string') return program;
    tried.push(`Homebrew: ${program}`);
  }
  return { tried };
}

/** Where Debian's packages are unpacked. */
export function cachedRedis(
  root: string,
  env: NodeJS.ProcessEnv,
): { folder: string; bin: string; env: NodeJS.ProcessEnv; origin: string } {
  const folder = join(cacheFolder(root, env), 'redis');
  return {
    folder,
    bin: join(folder, 'usr', 'bin', 'redis-server'),
    get env() {
      return { ...env, LD_LIBRARY_PATH: unpackedLibraryPath(folder) };
    },
    origin: 'Debian packages in the cache',
  };
}

async function check(
  bin: string,
  env: NodeJS.ProcessEnv,
  origin: string,
): Promise<RedisProgram | string> {
  if (!isExecutable(bin)) return `no ${bin}`;
  const answer = await runProgram(bin, ['--version'], { env });
  const version = versionIn(answer.stdout);
  if (answer.code !== 0 || version === null) return `${bin} does not run: ${answer.stderr.trim()}`;
  if (!versionAtLeast(version, MINIMUM)) return `${bin} is ${version}, needed is ${MINIMUM}`;
  return { bin, env, origin, version };
}

/**
 * Starts a server of our own on 127.0.0.1: no persistence, own folder, a free port unless one is asked for.
 * @param options - `args` are added last, e.g. `['--maxmemory', '64mb']`.
 * @throws LabError `E_PORT_TAKEN`, or `E_REDIS_START` with the last line of its log.
 */
export async function startRedis(options: {
  supervisor: Supervisor;
  bin: string;
  env: NodeJS.ProcessEnv;
  origin?: string;
  name?: string;
  port?: number;
  /** Of an earlier start, to go on with its data; a new one when absent. */
  folder?: string;
  args?: readonly string[];
}): Promise<Redis> {
  const { supervisor, bin, env, name = 'redis', args = [] } = options;
  const folder =
    options.folder ?? join(supervisor.runFolder, `${name}-${randomBytes(3).toString('hex')}`);
  mkdirSync(folder, { recursive: true });
  const logFile = join(folder, 'redis.log');
  if (options.port !== undefined) await requireFreePort(options.port, name);
  for (let tries = 1; ; tries += 1) {
    const port = options.port ?? (await freePort());
    const settings = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder];
    const started = supervisor.spawn(
      name,
      bin,
      [...settings, '--save', '', '--appendonly', 'no', '--daemonize', 'no', ...args],
      { env, cwd: folder, logFile, port },
    );
    const url = `redis://127.0.0.1:${port}`;
    const version = await untilReady(url, started);
    if (version !== null) {
      const origin = options.origin ?? bin;
      return {
        url,
        origin,
        version,
        owned: true,
        pid: started.pid,
        keyPrefix: '',
        process: started,
      };
    }
    await started.stop(1000);
    const log = readFileSync(logFile, 'utf8').trim();
    // Somebody took the port between our look and its start.
    if (options.port === undefined && /in use/i.test(log) && tries < START_TRIES) continue;
    throw new LabError('E_REDIS_START', `${bin} did not start: ${log.split('\n').at(-1) ?? ''}`);
  }
}

async function startInDocker(
  supervisor: Supervisor,
  env: NodeJS.ProcessEnv,
): Promise<Redis | string> {
  const port = await freePort();
  const started = supervisor.spawn(
    'redis (Docker)',
    findOnPath(['docker'], env) ?? 'docker',
    [
      'run',
      '--rm',
      '--sig-proxy',
      '--publish',
      `127.0.0.1:${port}:6379`,
      DOCKER_IMAGE,
      'redis-server',
      '--save',
      '',
      '--appendonly',
      'no',
    ],
    { env, logFile: join(supervisor.runFolder, 'redis-docker.log'), port },
  );
  const url = `redis://127.0.0.1:${port}`;
  const version = await untilReady(url, started, 120_000);
  if (version === null) {
    await started.stop();
    return `no answer from ${DOCKER_IMAGE}`;
  }
  const origin = `Docker ${DOCKER_IMAGE}`;
  return { url, origin, version, owned: true, pid: null, keyPrefix: '', process: started };
}

/** Version of the server once it answers; null when it ended or was silent too long. */
async function untilReady(
  url: string,
  server: SupervisedProcess,
  timeoutMs: number = READY_TIMEOUT_MS,
): Promise<string | null> {
  const ended = server.exited.then(() => 'ended' as const);
  const deadlineMs = Date.now() + timeoutMs;
  while (Date.now() < deadlineMs) {
    const answer = await Promise.race([ended, askVersion(url).catch(() => null)]);
    if (answer === 'ended') return null;
    if (answer !== null) return answer;
    await sleep(20);
  }
  return null;
}

async function askVersion(url: string): Promise<string> {
  const client = new RedisClient(url, {
    lazyConnect: true,
    connectTimeout: 5000,
    commandTimeout: 5000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    const info = await client.info('server');
    const version = /(?:valkey|redis)_version:(\S+)/.exec(info)?.[1];
    if (version === undefined) throw new Error('it does not tell its version');
    return version;
  } finally {
    client.disconnect();
  }
}

/** A foreign server: keys get a prefix of this run's own, and nothing else of it is ever touched. @throws LabError `E_REDIS_UNREACHABLE`. */
export async function useRedis(url: string): Promise<Redis> {
  const keyPrefix = `cachelab:${randomBytes(4).toString('hex')}:`;
  const fail = (reason: string, cause?: unknown): never => {
    throw new LabError('E_REDIS_UNREACHABLE', `no usable Redis at ${shown(url)}: ${reason}`, {
      hint: 'check CACHELAB_REDIS_URL (redis://user:password@host:6379/0), or unset it to let the lab start its own',
      cause,
      exitCode: 69,
    });
  };
  const version = await askVersion(url).catch((error: unknown) =>
    fail(error instanceof Error ? error.message : String(error), error),
  );
  if (!versionAtLeast(version, MINIMUM)) fail(`it is ${version}, needed is ${MINIMUM} or newer`);
  const origin = 'CACHELAB_REDIS_URL';
  return { url, origin, version, owned: false, pid: null, keyPrefix, process: null };
}

function shown(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//***@');
}
