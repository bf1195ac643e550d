import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { findChromium } from '../lab/provision/chromium.ts';
import { findRedis } from '../lab/provision/redis.ts';
import { startStack } from '../lab/provision/stack.ts';
import { createSupervisor, sweepOrphans } from '../lab/provision/supervisor.ts';
import type { TestStack } from './stack.ts';

declare module 'vitest' {
  interface ProvidedContext {
    stack: TestStack;
  }
}

/** Starts one Postgres and one Redis for all tests of `test/`, and finds k6 and Chromium. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
  await sweepOrphans(root);
  const supervisor = createSupervisor({ root, label: 'test', onEvent: say });
  try {
    const { postgres, redis, k6 } = await startStack({
      root,
      supervisor,
      services: ['postgres', 'redis', 'k6'],
      onEvent: say,
    });
    // Tests that kill or freeze a Redis start one of their own, also when the shared one is foreign.
    const program = await findRedis(root, process.env, { install: true, onEvent: say });
    const chromium = await findChromium(root, process.env, { install: true, onEvent: say });
    if (postgres === null || redis === null || k6 === null) throw new Error('a service is missing');
    project.provide('stack', {
      root,
      postgresUrl: postgres.url,
      pgStatStatements: postgres.pgStatStatements,
      redisUrl: redis.url,
      k6Bin: k6.bin,
      redisServer: 'bin' in program ? { bin: program.bin, env: definedOnly(program.env) } : null,
      chromium: 'bin' in chromium ? { bin: chromium.bin, env: definedOnly(chromium.env) } : null,
    });
  } catch (error) {
    await supervisor.stopAll();
    throw error;
  }
  return () => supervisor.stopAll();
}

function say(line: string): void {
  process.stderr.write(`test services: ${line}\n`);
}

function definedOnly(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
