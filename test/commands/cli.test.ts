import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../lab/provision/ports.ts';
import { type Checkout, checkout, type CliExit } from '../checkout.ts';
import { testStack } from '../stack.ts';

let copy: Checkout;
beforeAll(async () => {
  copy = await checkout();
});
afterAll(() => copy.remove());

/** Says what is wrong and what to do, in words for a user. */
function expectMessage({ stdout, stderr }: CliExit): void {
  expect(stderr).not.toMatch(/^\s+at .*:\d+:\d+/m); // a line of a stack trace
  expect(stderr).not.toContain('node_modules');
  expect(stdout).toBe('');
}

describe('wrong input', () => {
  test.each([
    ['an experiment', ['bench', 'nosuch'], ['E_UNKNOWN_EXPERIMENT', 'nosuch', 'latency, queueing']],
    [
      'an arm',
      ['bench', 'latency', '--arms', 'cached,nosuch'],
      ['E_UNKNOWN_ARM', 'nosuch', 'known: uncached, joined'],
    ],
    ['an experiment to plan', ['plan', 'nosuch'], ['E_UNKNOWN_EXPERIMENT', 'nosuch']],
    ['a run to report', ['report', 'nosuch'], ['E_UNKNOWN_RUN', 'nosuch', 'npm run bench']],
    ['a run outside the folder', ['report', '../../package.json'], ['E_UNKNOWN_RUN']],
    ['a run to resume', ['bench', '--resume', 'nosuch'], ['E_UNKNOWN_RUN', 'nosuch']],
    ['a criterion', ['verify', 'nosuch'], ['E_UNKNOWN_CRITERION', 'nosuch', 'known: aa']],
    ['a command', ['nosuch'], ["unknown command 'nosuch'"]],
    ['a flag', ['bench', '--nosuch'], ["unknown option '--nosuch'"]],
    ['a config file', ['bench', '--config', 'nosuch.json'], ['nosuch.json', 'no such file']],
  ])(
    '%s that does not exist is named with what there is, and exit code 2',
    async (_, args, said) => {
      const exit = await copy.run(args);
      expectMessage(exit);
      for (const words of said) expect(exit.stderr).toContain(words);
      expect(exit.code).toBe(2);
    },
  );

  test('six wrong values are reported at once, each with its value and its range, and exit code 2', async () => {
    const wrong = {
      '--profile': 'fast',
      '--rate': '99999',
      '--ttl': '0',
      '--stores': '1.5',
      '--seed': 'x',
      '--db-latency': '9-3',
    };
    const exit = await copy.run(['bench', ...Object.entries(wrong).flat()]);
    expectMessage(exit);
    expect(exit.code).toBe(2);
    const lines = exit.stderr.split('\n');
    for (const [flag, value] of Object.entries(wrong)) {
      const line = lines.find((one) => one.includes(flag));
      expect(line, flag).toContain(`not "${value}"`);
    }
    expect(exit.stderr).toContain('from 0.1 to 20000');
    expect(exit.stderr).toContain('from 1 to 604800');
    expect(exit.stderr).toContain('a whole number from 0 to 100000');
    expect(exit.stderr).toContain('headline, quick, standard or full');
  });

  test('a port and a policy that cannot be are both named by `up`, with exit code 2', async () => {
    const exit = await copy.run(['up', '--port', '70000', '--policy', 'nosuch', '--seed', '-1']);
    expectMessage(exit);
    expect(exit.stderr).toMatch(/--port must be .* 65535, not "70000"/);
    expect(exit.stderr).toMatch(/--policy must be one of uncached.*not "nosuch"/);
    expect(exit.stderr).toMatch(/--seed must be .* not "-1"/);
    expect(exit.code).toBe(2);
  });

  test('nothing was started or left by any of them', () => {
    expect(copy.runs()).toEqual([]);
    expect(copy.leftovers()).toEqual([]);
  });
});

describe('a service that cannot be used', () => {
  test('a database that refuses connections is named with its address, and exit code 69', async () => {
    const port = await freePort();
    const exit = await copy.run(['bench', 'latency'], {
      CACHELAB_PG_URL: `postgres://someone:secret@127.0.0.1:${port}/shop`,
    });
    expect(exit.stderr).toContain('E_POSTGRES_UNREACHABLE');
    expect(exit.stderr).toContain(`127.0.0.1:${port}`);
    expect(exit.stderr).not.toContain('secret');
    expectMessage(exit);
    expect(exit.code).toBe(69);
  });

  test('a wrong password is said to be wrong, is not printed, and exit code 69', async () => {
    const url = new URL((await testStack()).postgresUrl);
    url.password = 'not-the-password';
    const exit = await copy.run(['bench', 'latency'], { CACHELAB_PG_URL: url.href });
    expect(exit.stderr).toContain('E_POSTGRES_UNREACHABLE');
    expect(exit.stderr).toMatch(/password authentication failed/);
    expect(exit.stderr).not.toContain('not-the-password');
    expectMessage(exit);
    expect(exit.code).toBe(69);
  });

  test('a Redis that refuses connections is named with its address, and exit code 69', async () => {
    const port = await freePort();
    const exit = await copy.run(['bench', 'latency'], {
      CACHELAB_REDIS_URL: `redis://127.0.0.1:${port}`,
    });
    expect(exit.stderr).toContain('E_REDIS_UNREACHABLE');
    expect(exit.stderr).toContain(`127.0.0.1:${port}`);
    expectMessage(exit);
    expect(exit.code).toBe(69);
  });

  test('a K6_BIN that is missing, or is no k6, is named with what to set, and exit code 69', async () => {
    const imposter = join(copy.root, '.cachelab', 'k6');
    mkdirSync(join(copy.root, '.cachelab'), { recursive: true });
    writeFileSync(imposter, '#!/bin/sh\necho something else\n');
    chmodSync(imposter, 0o755);
    for (const bin of ['/nowhere/k6', imposter]) {
      const exit = await copy.run(['bench', 'latency'], { K6_BIN: bin });
      expect(exit.stderr).toContain('E_K6_UNUSABLE');
      expect(exit.stderr).toContain(bin);
      expect(exit.stderr).toContain('set K6_BIN');
      expectMessage(exit);
      expect(exit.code).toBe(69);
    }
  });

  test('two at once are both named, and nothing was left behind by any of them', async () => {
    const port = await freePort();
    const exit = await copy.run(['bench', 'latency'], {
      CACHELAB_REDIS_URL: `redis://127.0.0.1:${port}`,
      K6_BIN: '/nowhere/k6',
    });
    expect(exit.stderr).toContain('E_REDIS_UNREACHABLE');
    expect(exit.stderr).toContain('E_K6_UNUSABLE');
    expect(exit.code).toBe(69);
    expect(copy.runs()).toEqual([]);
    expect(copy.leftovers()).toEqual([]);
  });
});

describe('help, plan and list', () => {
  test.each([
    'bench',
    'plan',
    'up',
    'top',
    'report',
    'list',
    'clean',
    'doctor',
    'verify',
    'mutate',
    'workshop',
    'exercise',
    'pack',
  ])('%s --help has runnable examples and ends with exit code 0', async (command) => {
    const { code, stdout } = await copy.run([command, '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Examples?\n {2}npm run /m);
  });

  test('bench --help names each option with its unit or range and its default', async () => {
    const { stdout } = await copy.run(['bench', '--help']);
    const text = stdout.replaceAll(/\s+/g, ' ');
    for (const words of [
      '--profile <name> headline, quick, standard or full (default: headline)',
      '--rate <per second>',
      '0.1 to 20000',
      '--ttl <seconds> TTL of cached pages, 1 to 604800 (default: 3600)',
      '--stores <count> stores beside the restaurant, 0 to 100000 (default: 1000)',
      '--update-rate <per second>',
      '--seed <number> of data, order and latency draws (default: 1)',
      '(default: 5-10)',
      '--config <file>',
      '--resume <run>',
    ]) {
      expect(text).toContain(words);
    }
  });

  test('plan --json has the trials, the order and the time that plan prints, and starts nothing', async () => {
    const args = ['latency', 'capacity', '--profile', 'quick', '--seed', '7'];
    const [text, json] = [
      await copy.run(['plan', ...args]),
      await copy.run(['plan', ...args, '--json']),
    ];
    expect([text.code, json.code]).toEqual([0, 0]);
    const plan: {
      estimatedSeconds: number;
      trials: { experiment: string; arm: string; round: number; slot: number }[];
    } = JSON.parse(json.stdout);
    const blocks = text.stdout.split(/^(?=\w[\w-]*: )/m);
    expect(blocks.length).toBe(2);
    for (const block of blocks) {
      const experiment = block.slice(0, block.indexOf(':'));
      const rounds = [...block.matchAll(/^ {2}round (\d+): (.*)$/gm)];
      const printed = rounds.flatMap(([, round, arms]) =>
        arms!.split(', ').map((arm, slot) => ({ experiment, arm, round: Number(round) - 1, slot })),
      );
      const planned = plan.trials.filter((trial) => trial.experiment === experiment);
      expect(planned.length).toBeGreaterThan(0);
      expect(planned.map(({ arm, round, slot }) => ({ experiment, arm, round, slot }))).toEqual(
        printed,
      );
    }
    const [, minutes, seconds] = /about (?:(\d+) min )?(\d+) s in all/.exec(text.stdout)!;
    expect(Number(minutes ?? 0) * 60 + Number(seconds)).toBe(Math.round(plan.estimatedSeconds));
    expect(copy.leftovers()).toEqual([]);
  });

  test('the same seed plans the same order, another seed another one', async () => {
    const [one, again, other] = await Promise.all(
      ['1', '1', '2'].map((seed) => copy.run(['plan', 'latency', '--seed', seed, '--json'])),
    );
    expect(again!.stdout).toBe(one!.stdout);
    expect(other!.stdout).not.toBe(one!.stdout);
  });

  test('list --json has every experiment with its arms, and every policy that an arm names', async () => {
    const { code, stdout } = await copy.run(['list', '--json']);
    expect(code).toBe(0);
    const {
      experiments,
      policies,
    }: {
      experiments: { name: string; arms: { name: string; policy: string; program: string }[] }[];
      policies: { name: string }[];
    } = JSON.parse(stdout);
    expect(experiments.map((one) => one.name)).toContain('latency');
    const known = policies.map((one) => one.name);
    const arms = experiments.flatMap((one) => one.arms);
    for (const { policy } of arms.filter(({ program }) => program === 'store')) {
      expect(known).toContain(policy);
    }
    const others = arms.filter(({ program }) => program === 'peers');
    expect(new Set(others.map(({ policy }) => policy)).size).toBe(5);
    const text = (await copy.run(['list'])).stdout;
    for (const { name } of [...experiments, ...policies]) expect(text).toContain(name);
  });
});
