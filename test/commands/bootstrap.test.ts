import { execFile, type ExecFileException, spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTime } from '../../lab/provision/reap.mjs';
import { testStack } from '../stack.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cachelab test '));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

function runNode(
  args: string[],
  options: { cwd: string; env?: NodeJS.ProcessEnv },
): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, options, (error: ExecFileException | null, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, stdout, stderr });
    });
  });
}

/**
 * A small checkout of its own below a folder of mode 0700: the real way in, a lock file without packages, and a CLI that tells
 * what it was given. `npm ci` there is quick and needs no registry.
 */
async function smallCheckout(): Promise<string> {
  const { root } = await testStack();
  const checkout = join(folder, 'closed', 'a checkout');
  mkdirSync(join(checkout, 'scripts'), { recursive: true });
  chmodSync(join(folder, 'closed'), 0o700);
  cpSync(join(root, 'scripts', 'run.mjs'), join(checkout, 'scripts', 'run.mjs'));
  // The real tsx, as a link: npm installs that without a registry.
  const tsx = relative(checkout, join(root, 'node_modules', 'tsx'));
  const { version }: { version: string } = JSON.parse(
    readFileSync(join(checkout, tsx, 'package.json'), 'utf8'),
  );
  const manifest = { name: 'small', version: '1.0.0', dependencies: { tsx: `file:${tsx}` } };
  writeFileSync(join(checkout, 'package.json'), JSON.stringify(manifest));
  const packages = {
    '': manifest,
    'node_modules/tsx': { resolved: tsx, link: true },
    [tsx]: { version },
  };
  const lock = { ...manifest, lockfileVersion: 3, requires: true, packages };
  writeFileSync(join(checkout, 'package-lock.json'), JSON.stringify(lock));
  mkdirSync(join(checkout, 'lab'));
  writeFileSync(
    join(checkout, 'lab', 'cli.ts'),
    `console.log(JSON.stringify(process.argv.slice(2)));
     if (process.argv[2] === 'fail') process.exitCode = 69;
     if (process.argv[2] === 'wait') {
       console.log(process.pid);
       process.on('SIGINT', () => process.exit(130));
       process.on('SIGTERM', () => process.exit(143));
       setInterval(() => {}, 1000);
     }`,
  );
  return checkout;
}

const RUN = join('scripts', 'run.mjs');

describe('the way in', () => {
  test('installs packages once, then only when the lock file changed; arguments and exit code pass through', async () => {
    const checkout = await smallCheckout();
    const first = await runNode([RUN, 'list', '--json', 'two words'], { cwd: checkout });
    expect(first).toMatchObject({ code: 0, stdout: '["list","--json","two words"]\n' });
    expect(first.stderr).toContain('installing packages with npm ci');
    expect(existsSync(join(checkout, 'node_modules', '.cachelab-lock'))).toBe(true);

    const second = await runNode([RUN, 'fail'], { cwd: checkout });
    expect(second).toEqual({ code: 69, stdout: '["fail"]\n', stderr: '' });

    const lock = join(checkout, 'package-lock.json');
    writeFileSync(lock, `${readFileSync(lock, 'utf8')}\n`);
    const third = await runNode([RUN], { cwd: checkout });
    expect(third).toMatchObject({ code: 0, stdout: '["--help"]\n' });
    expect(third.stderr).toContain('installing packages');
  });

  test('works without a home folder, with --ignore-scripts, and keeps its cache in the checkout', async () => {
    const checkout = await smallCheckout();
    const env: NodeJS.ProcessEnv = { ...process.env, HOME: '/nonexistent' };
    env['npm_config_ignore_scripts'] = 'true';
    delete env['npm_config_cache'];
    const outcome = await runNode([RUN, 'list'], { cwd: checkout, env });
    expect(outcome).toMatchObject({ code: 0, stdout: '["list"]\n' });
    expect(existsSync(join(checkout, '.cachelab', 'npm-cache'))).toBe(true);
  });

  test('two at once in one checkout install one after the other', async () => {
    const checkout = await smallCheckout();
    const both = await Promise.all([
      runNode([RUN, 'one'], { cwd: checkout }),
      runNode([RUN, 'two'], { cwd: checkout }),
    ]);
    expect(both.map(({ code, stdout }) => [code, stdout])).toEqual([
      [0, '["one"]\n'],
      [0, '["two"]\n'],
    ]);
    expect(both.filter(({ stderr }) => stderr.includes('installing packages with'))).toHaveLength(
      1,
    );
  });

  test('an npm ci that fails is exit code 69 with a reason, and is tried again the next time', async () => {
    const checkout = await smallCheckout();
    writeFileSync(join(checkout, 'package-lock.json'), '{}');
    for (let tries = 0; tries < 2; tries += 1) {
      const outcome = await runNode([RUN, 'list'], { cwd: checkout });
      expect(outcome).toMatchObject({ code: 69, stdout: '' });
      expect(outcome.stderr).toMatch(/cachelab: npm ci failed \(exit \d+\)/);
    }
    expect(existsSync(join(checkout, '.cachelab', 'install.lock'))).toBe(false);
  });

  test('an older Node is told which one is needed', async () => {
    const { root } = await testStack();
    const old = `Object.defineProperty(process.versions, 'node', { value: '20.18.3' });
      process.argv[1] = ${JSON.stringify(join(root, RUN))};
      await import(process.argv[1]);`;
    const outcome = await runNode(['--input-type=module', '-e', old], { cwd: root });
    expect(outcome).toMatchObject({ code: 69, stdout: '' });
    expect(outcome.stderr).toContain('this is Node 20.18.3, needed is 20.19 or newer');
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    '%s reaches the program, whose exit code %i is the exit code',
    async (signal, code) => {
      const checkout = await smallCheckout();
      const child = spawn(process.execPath, [RUN, 'wait'], {
        cwd: checkout,
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const exit = new Promise((resolve) => child.once('exit', resolve));
      await pidIn(child.stdout);
      child.kill(signal);
      expect(await exit).toBe(code);
    },
  );

  test('when npm is ended by SIGTERM, which it does not pass on, the program ends too', async () => {
    const checkout = await smallCheckout();
    // As npm does: a parent that dies without a word, and its variable.
    const parent = spawn(
      process.execPath,
      [
        '-e',
        `require('node:child_process').spawn(process.execPath, ['${RUN}', 'wait'], { stdio: 'inherit' }); setInterval(() => {}, 1000)`,
      ],
      {
        cwd: checkout,
        env: { ...process.env, npm_lifecycle_event: 'lab' },
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    const program = await pidIn(parent.stdout);
    parent.kill('SIGKILL');
    for (let tries = 0; tries < 200 && startTime(program) !== null; tries += 1) await sleep(50);
    expect(startTime(program)).toBeNull();
  });
});

/** The program's first line of only digits. */
function pidIn(stream: NodeJS.ReadableStream): Promise<number> {
  return new Promise((resolve) => {
    let text = '';
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const pid = /^(\d+)\n/m.exec(text)?.[1];
      if (pid !== undefined) resolve(Number(pid));
    });
  });
}

describe('doctor', () => {
  test('on a machine with nothing but Node names Redis and k6 as missing, says what to type, and exits 69', async () => {
    const { root } = await testStack();
    // apt-get and Docker are missing too: nothing can be installed.
    const env = {
      PATH: '',
      CACHELAB_CACHE: join(folder, 'empty'),
      CACHELAB_MIRROR: 'http://127.0.0.1:9',
    };
    const text = await runNode([RUN, 'doctor'], { cwd: root, env });
    expect(text.code).toBe(69);
    expect(text.stdout).toMatch(/^ok +Postgres +18\.\d+/m);
    expect(text.stdout).toMatch(
      /^MISSING +Redis .*\n +-> Debian, Ubuntu: sudo apt-get install redis-server · macOS: brew install redis/m,
    );
    expect(text.stdout).toMatch(
      /^MISSING +k6 .*Go: not on PATH\n +-> Debian, Ubuntu: .*brew install k6/m,
    );
    expect(text.stdout).toContain('The bench cannot run: Redis, k6 missing.');

    const json = await runNode([RUN, 'doctor', '--json'], { cwd: root, env });
    const { ready, findings }: { ready: boolean; findings: { name: string; state: string }[] } =
      JSON.parse(json.stdout);
    expect(ready).toBe(false);
    expect(findings.filter(({ state }) => state === 'found').map(({ name }) => name)).toEqual([
      'Node',
      'Postgres',
    ]);
  });

  test('with Go and apt-get on PATH says that Redis and k6 come by themselves, and exits 0', async () => {
    const { root } = await testStack();
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    for (const name of ['go', 'apt-get', 'dpkg']) symlinkSync('/bin/true', join(bin, name));
    const env = { PATH: bin, CACHELAB_CACHE: join(folder, 'empty') };
    const outcome = await runNode([RUN, 'doctor'], { cwd: root, env });
    expect(outcome.stdout).toMatch(/^later +Redis +Debian packages, unpacked into \.cachelab/m);
    expect(outcome.stdout).toMatch(/^later +k6 +the release file, or built by Go/m);
    expect(outcome.stdout).toContain('The bench can run');
    expect(outcome.code).toBe(0);
  });
});
