#!/usr/bin/env node
// The way in: `npm run bench`, `npm test` and `npm run lab -- …` all start here, also in a bare clone.
// Plain JavaScript without dependencies: it installs them when the lock file changed, then hands over to the TypeScript program.
// A hook such as `prebench` would not do, since npm leaves hooks out with --ignore-scripts.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const NEEDED = [20, 19];
const root = fileURLToPath(new URL('..', import.meta.url));
const stateFolder = join(root, '.cachelab');
const stampFile = join(root, 'node_modules', '.cachelab-lock');

function fail(message, code) {
  process.stderr.write(`cachelab: ${message}\n`);
  process.exit(code);
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) return;
  fail(
    `this is Node ${process.versions.node}, needed is ${NEEDED.join('.')} or newer.\n  https://nodejs.org, or: nvm install 22`,
    69,
  );
}

function stamp() {
  const lock = readFileSync(join(root, 'package-lock.json'));
  const hash = createHash('sha256').update(lock).digest('hex');
  return `${hash} ${process.platform}-${process.arch}`;
}

function isInstalled() {
  try {
    return readFileSync(stampFile, 'utf8') === stamp();
  } catch {
    return false;
  }
}

function isUsable(folder, mode) {
  try {
    accessSync(folder, mode);
    return true;
  } catch {
    return false;
  }
}

/** npm without a home folder that it may write to (a container's user, a service account) needs a cache and a configuration elsewhere. */
function npmEnvironment() {
  const home = process.env.HOME ?? '';
  if (home !== '' && isUsable(home, constants.W_OK | constants.X_OK)) return process.env;
  return {
    ...process.env,
    npm_config_cache: join(stateFolder, 'npm-cache'),
    npm_config_userconfig: join(stateFolder, 'npmrc'),
  };
}

/** npm as it was started, by its script: npm.cmd cannot be spawned, and PATH may name another npm. */
function npmCommand() {
  const script = process.env.npm_execpath ?? '';
  return /npm-cli\.[cm]?js$/.test(script) && existsSync(script)
    ? [process.execPath, script]
    : ['npm'];
}

/** One installation at a time in a checkout: `npm ci` begins by removing node_modules. */
async function holdInstallLock() {
  const lock = join(stateFolder, 'install.lock');
  for (let announced = false; ; ) {
    try {
      mkdirSync(stateFolder, { recursive: true });
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      return () => rmSync(lock, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') {
        fail(
          `cannot write to ${stateFolder} (${error.code}): the checkout must belong to this user`,
          1,
        );
      }
    }
    if (!holderLives(lock)) rmSync(lock, { force: true });
    else if (!announced) {
      announced = true;
      process.stderr.write('cachelab: another start is installing packages, waiting for it\n');
    }
    await new Promise((done) => setTimeout(done, 250));
  }
}

function holderLives(lock) {
  try {
    if (Date.now() - statSync(lock).mtimeMs > 15 * 60_000) return false;
    process.kill(Number(readFileSync(lock, 'utf8')), 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

async function install() {
  const release = await holdInstallLock();
  try {
    if (isInstalled()) return;
    process.stderr.write('cachelab: installing packages with npm ci, once, about 10-60 s\n');
    const [command, ...first] = npmCommand();
    const args = [
      ...first,
      'ci',
      '--include=dev',
      '--include=optional',
      '--no-audit',
      '--no-fund',
      '--no-update-notifier',
    ];
    const code = await run(command, [...args, '--loglevel=error'], {
      cwd: root,
      env: npmEnvironment(),
      // Results go to standard output, and this is none.
      stdio: ['ignore', 2, 2],
    });
    if (code !== 0) {
      release();
      if (code > 128) process.exit(code);
      fail(`npm ci failed (exit ${code}): is the package registry reachable?`, 69);
    }
    writeFileSync(stampFile, stamp());
  } finally {
    release();
  }
}

/** Runs a child to its end and gives its exit code; signals to us become signals to it. */
function run(command, args, options) {
  return new Promise((done) => {
    const child = spawn(command, args, { stdio: 'inherit', ...options });
    const forward = (signal) => child.kill(signal);
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, forward);
    const watch = watchNpm(() => child.kill('SIGTERM'));
    const finish = (code) => {
      for (const signal of signals) process.off(signal, forward);
      clearInterval(watch);
      done(code);
    };
    child.once('error', (error) => {
      process.stderr.write(`cachelab: ${command}: ${error.message}\n`);
      finish(127);
    });
    const numbers = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGKILL: 9, SIGTERM: 15 };
    child.once('exit', (code, signal) => finish(code ?? 128 + (numbers[signal] ?? 0)));
  });
}

/** SIGTERM to npm ends npm and its shell, but is not passed on to us: notice that they are gone. */
function watchNpm(gone) {
  if (process.env.npm_lifecycle_event === undefined) return undefined;
  const parent = process.ppid;
  return setInterval(() => {
    if (process.ppid !== parent) gone();
  }, 250);
}

function handOver(command, args) {
  const env = { ...process.env, CACHELAB_PARENT_PID: String(process.pid) };
  if (command === 'test') {
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
    return run(process.execPath, [vitest, 'run', ...args], { cwd: root, env });
  }
  const tsx = pathToFileURL(createRequire(join(root, 'package.json')).resolve('tsx')).href;
  const cli = resolve(root, 'lab', 'cli.ts');
  const words = command === undefined ? ['--help'] : [command, ...args];
  return run(process.execPath, ['--import', tsx, cli, ...words], { env });
}

requireNode();
const [command, ...args] = process.argv.slice(2);
if (!isInstalled()) await install();
process.exitCode = await handOver(command, args);
