import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LabError } from '../errors.ts';
import { findChromium } from './chromium.ts';
import { download } from './download.ts';
import { findK6, K6_RELEASE } from './k6.ts';
import { postgresOnPath, shippedPostgres } from './postgres.ts';
import { foreignPostgres } from './postgres-database.ts';
import { findPromtool } from './promtool.ts';
import { dockerProblem, findOnPath, runProgram, versionIn } from './programs.ts';
import { findRedis, useRedis } from './redis.ts';

/** One line of the doctor's list. */
export interface Finding {
  name: string;
  /** `bench`: nothing runs without it. `optional`: single tests or one way to install something. */
  neededFor: 'bench' | 'optional';
  /** `at first start`: not there, but the lab gets it by itself when it needs it. */
  state: 'found' | 'at first start' | 'missing';
  version: string | null;
  /** Where it was found, how it will come, or why it is missing. */
  where: string;
  /** What to type when it is missing. */
  cure: string | null;
}

/** Looks for everything that the lab uses; installs and starts nothing. */
export async function examine(root: string, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const others = await Promise.all([
    program('npm', ['npm'], ['--version'], 'installs packages; comes with Node', env),
    postgres(root, env),
    redis(root, env),
    k6(root, env),
    program('Go', ['go'], ['version'], 'builds k6 where no release file can be had', env, {
      debian: 'sudo apt-get install golang-go',
      macos: 'brew install go',
    }),
    docker(env),
    chromium(root, env),
    promtool(root, env),
    program(
      'strace',
      ['strace'],
      ['--version'],
      'a test counts system calls, and `durability` models power cuts',
      env,
    ),
    program(
      'C compiler',
      ['cc', 'gcc', 'clang'],
      ['--version'],
      'a test makes a busy neighbour',
      env,
      {
        debian: 'sudo apt-get install gcc',
        macos: 'xcode-select --install',
      },
    ),
    program('Python', ['python3'], ['--version'], 'a second implementation of the statistics', env),
  ]);
  return [node(), ...others, browser(env)];
}

function node(): Finding {
  const where = process.execPath;
  const version = process.versions.node;
  return { name: 'Node', neededFor: 'bench', state: 'found', version, where, cure: null };
}

async function postgres(root: string, env: NodeJS.ProcessEnv): Promise<Finding> {
  const common = { name: 'Postgres', neededFor: 'bench' } as const;
  const cure = install('postgresql', 'postgresql@18', 'CACHELAB_PG_URL=postgres://…');
  const url = env['CACHELAB_PG_URL'];
  if (url !== undefined && url !== '')
    return foreign(common, 'CACHELAB_PG_URL', foreignPostgres(url, 'look'));
  const shipped = shippedPostgres(root);
  if (shipped !== null) {
    const manifest: { version: string } = JSON.parse(
      readFileSync(join(dirname(shipped.native), 'package.json'), 'utf8'),
    );
    const where = `npm package ${shipped.name}`;
    return { ...common, state: 'found', version: versionIn(manifest.version), where, cure: null };
  }
  const onPath = await postgresOnPath(env);
  if (typeof onPath !== 'string') {
    return { ...common, state: 'found', version: onPath.version, where: onPath.folder, cure: null };
  }
  const platform = `${process.platform}-${process.arch}`;
  return onDemandInDocker(common, `no npm package for ${platform}; ${onPath}`, cure, env);
}

async function redis(root: string, env: NodeJS.ProcessEnv): Promise<Finding> {
  const common = { name: 'Redis', neededFor: 'bench' } as const;
  const cure = install('redis-server', 'redis', 'CACHELAB_REDIS_URL=redis://host:6379');
  const url = env['CACHELAB_REDIS_URL'];
  if (url !== undefined && url !== '') return foreign(common, 'CACHELAB_REDIS_URL', useRedis(url));
  const found = await findRedis(root, env, { install: false });
  if ('bin' in found) {
    return { ...common, state: 'found', version: found.version, where: found.origin, cure: null };
  }
  const apt = ['apt-get', 'dpkg'].every((name) => findOnPath([name], env) !== null);
  const brew = process.platform === 'darwin' && findOnPath(['brew'], env) !== null;
  if (apt || brew) {
    const where = apt
      ? 'Debian packages, unpacked into .cachelab without root, a few seconds'
      : 'brew install redis';
    return { ...common, state: 'at first start', version: null, where, cure };
  }
  return onDemandInDocker(common, found.tried.slice(1).join('; '), cure, env);
}

async function k6(root: string, env: NodeJS.ProcessEnv): Promise<Finding> {
  const common = { name: 'k6', neededFor: 'bench' } as const;
  const cure =
    'Debian, Ubuntu: sudo apt-get install golang-go (1.24 or newer) · macOS: brew install k6 · or https://github.com/grafana/k6/releases and K6_BIN=/path/to/k6';
  try {
    const found = await findK6(root, env, { install: false });
    if ('bin' in found) {
      return { ...common, state: 'found', version: found.version, where: found.origin, cure: null };
    }
    if (findOnPath(['go'], env) !== null) {
      const where = 'the release file, or built by Go in 1-2 min';
      return { ...common, state: 'at first start', version: null, where, cure };
    }
    const unreachable = await download(K6_RELEASE.checksums(env), env).then(
      () => null,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    if (unreachable === null) {
      return { ...common, state: 'at first start', version: null, where: 'the release file', cure };
    }
    const why = [...found.tried.slice(1), `release file: ${unreachable}`, 'Go: not on PATH'];
    return onDemandInDocker(common, why.join('; '), cure, env);
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return {
      ...common,
      state: 'missing',
      version: null,
      where: error.message,
      cure: error.hint ?? cure,
    };
  }
}

async function docker(env: NodeJS.ProcessEnv): Promise<Finding> {
  const problem = await dockerProblem(env);
  return {
    name: 'Docker',
    neededFor: 'optional',
    state: problem === null ? 'found' : 'missing',
    version: null,
    where: problem ?? 'its daemon answers',
    cure:
      problem === null
        ? null
        : 'only for `docker compose up`, or where a service cannot be had otherwise',
  };
}

/** For the page of the workshop. A program on PATH is a hint, no more: browsers are started in many ways. */
function browser(env: NodeJS.ProcessEnv): Finding {
  const common = { name: 'Browser', neededFor: 'optional', version: null } as const;
  // Safari and Edge belong to their systems.
  const own = { darwin: 'Safari', win32: 'Edge' }[process.platform as string];
  const where =
    own ??
    findOnPath(
      ['firefox', 'google-chrome', 'chromium', 'chromium-browser', 'microsoft-edge', 'brave'],
      env,
    );
  if (where !== null) return { ...common, state: 'found', where, cure: null };
  const cure = 'any browser on this machine will do for the workshop’s page';
  return { ...common, state: 'missing', where: 'none of the usual ones on PATH', cure };
}

async function chromium(root: string, env: NodeJS.ProcessEnv): Promise<Finding> {
  const common = { name: 'Chromium', neededFor: 'optional' } as const;
  const found = await findChromium(root, env);
  if ('bin' in found) {
    return { ...common, state: 'found', version: found.version, where: found.origin, cure: null };
  }
  const cure =
    'Debian: sudo apt-get install chromium · macOS: brew install chromium · for tests of pages';
  if (findOnPath(['apt-get'], env) !== null) {
    const where = 'by npm test: Debian packages, unpacked into .cachelab without root';
    return { ...common, state: 'at first start', version: null, where, cure };
  }
  return { ...common, state: 'missing', version: null, where: found.tried.join('; '), cure };
}

async function promtool(root: string, env: NodeJS.ProcessEnv): Promise<Finding> {
  const common = { name: 'promtool', neededFor: 'optional' } as const;
  const found = await findPromtool(root, env);
  if ('bin' in found) {
    return { ...common, state: 'found', version: found.version, where: found.origin, cure: null };
  }
  const cure = 'Debian: sudo apt-get install prometheus · macOS: brew install prometheus';
  if (findOnPath(['apt-get'], env) !== null) {
    const where = 'by npm test: a Debian package, unpacked into .cachelab without root';
    return { ...common, state: 'at first start', version: null, where, cure };
  }
  const where = `${found.tried.join('; ')} (tests of alerts)`;
  return { ...common, state: 'missing', version: null, where, cure };
}

async function program(
  name: string,
  commands: string[],
  args: string[],
  purpose: string,
  env: NodeJS.ProcessEnv,
  packages: { debian: string; macos: string } | null = null,
): Promise<Finding> {
  const common = { name, neededFor: 'optional' } as const;
  const path = findOnPath(commands, env);
  if (path !== null) {
    const answer = await runProgram(path, args, { env });
    const version = versionIn(answer.stdout);
    return { ...common, state: 'found', version, where: path, cure: null };
  }
  const cure =
    packages === null
      ? `Debian, Ubuntu: sudo apt-get install ${commands[0] ?? name}`
      : `Debian, Ubuntu: ${packages.debian} · macOS: ${packages.macos}`;
  return { ...common, state: 'missing', version: null, where: `not on PATH (${purpose})`, cure };
}

async function foreign(
  common: Pick<Finding, 'name' | 'neededFor'>,
  variable: string,
  server: Promise<{ version: string }>,
): Promise<Finding> {
  try {
    const { version } = await server;
    return { ...common, state: 'found', version, where: variable, cure: null };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return {
      ...common,
      state: 'missing',
      version: null,
      where: error.message,
      cure: error.hint ?? null,
    };
  }
}

async function onDemandInDocker(
  common: Pick<Finding, 'name' | 'neededFor'>,
  reason: string,
  cure: string,
  env: NodeJS.ProcessEnv,
): Promise<Finding> {
  if ((await dockerProblem(env)) === null) {
    return { ...common, state: 'at first start', version: null, where: 'a Docker image', cure };
  }
  return { ...common, state: 'missing', version: null, where: reason, cure };
}

function install(debian: string, brew: string, variable: string): string {
  return `Debian, Ubuntu: sudo apt-get install ${debian} · macOS: brew install ${brew} · or set ${variable}`;
}
