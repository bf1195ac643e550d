import { PRESETS } from '../../server/cache/presets.ts';
import { seedDatabase } from '../../seed/load.ts';
import { RESTAURANT } from '../bench-context.ts';
import { EXIT, LabError } from '../errors.ts';
import { parseRunOptions } from '../options.ts';
import { startInvalidator } from '../invalidator-process.ts';
import { freePort, requireFreePort } from '../provision/ports.ts';
import { startStack } from '../provision/stack.ts';
import { createSupervisor, sweepOrphans } from '../provision/supervisor.ts';
import { ROOT } from '../root.ts';
import { serviceEnvironment, startServer } from '../server-process.ts';
import { settingOf } from '../servers.ts';

const USUAL_PORT = 3000;
const PORTS_TRIED = 10;

/**
 * `up`: Postgres, Redis, the restaurant and its server in the foreground, until Ctrl-C or `down`.
 * @throws LabError `E_BAD_OPTIONS` with every wrong option at once; `E_PORT_TAKEN`; what the services say.
 */
export async function up(flags: {
  port?: string;
  policy?: string;
  stores?: string;
  seed?: string;
  dbLatency?: string;
}): Promise<number> {
  const { port, policy, stores, seed, dbLatency } = check(flags);
  for (const line of await sweepOrphans(ROOT)) say(`left by a killed lab, ended: ${line}`);
  if (port !== null && port > 0) await requireFreePort(port, 'the store');

  const supervisor = createSupervisor({ root: ROOT, label: 'up', onEvent: say });
  try {
    const { postgres, redis } = await startStack({
      root: ROOT,
      supervisor,
      services: ['postgres', 'redis'],
      onEvent: say,
    });
    if (postgres === null || redis === null) throw new Error('asked for both');
    const seeded = await seedDatabase({ url: postgres.url, seed, stores });
    say(`${seeded.stores} stores with ${seeded.products} dishes in ${seeded.seconds.toFixed(1)} s`);
    const server = await startServer({
      root: ROOT,
      supervisor,
      environment: {
        CACHELAB_PORT: String(port ?? (await usualPort())),
        ...serviceEnvironment({ postgres, redis }),
        CACHELAB_POLICY: policy,
        CACHELAB_DB_LATENCY: dbLatency,
        CACHELAB_SEED: String(seed),
      },
    });
    server.process.child.stderr?.pipe(process.stderr);
    const form = settingOf({ preset: policy, overrides: {} }, 'invalidate');
    if (form === 'event-driven' || form === 'outbox') {
      const environment = serviceEnvironment({ postgres, redis });
      await startInvalidator({ root: ROOT, supervisor, form, environment });
      say(`the invalidator runs too: policy ${policy} leaves its copies to it`);
    }
    process.stdout.write(
      [
        `Storefront  ${server.baseUrl}/stores/${RESTAURANT}`,
        `JSON        ${server.baseUrl}/stores/${RESTAURANT}/catalog`,
        `Statistics  ${server.baseUrl}/cache/stats`,
        `Metrics     ${server.baseUrl}/metrics`,
        `Policy      ${policy} (PUT ${server.baseUrl}/lab/policy changes it)`,
        `Postgres    ${postgres.url}`,
        `Redis       ${redis.url}`,
        'Ctrl-C ends all of it, as does npm run lab -- down elsewhere.\n',
      ].join('\n'),
    );
    const { code, signal } = await server.process.exited;
    // Asked to end: the supervisor's handler ends the rest and then this process, with its own exit code.
    if (supervisor.interrupted.aborted) await new Promise<never>(() => {});
    throw new LabError('E_SERVER_ENDED', `the server ended by itself: ${signal ?? code}`, {
      hint: 'its last words are above',
    });
  } finally {
    await supervisor.stopAll();
  }
}

function check(flags: Parameters<typeof up>[0]): {
  port: number | null;
  policy: string;
  stores: number;
  seed: number;
  dbLatency: string;
} {
  const { port, policy = 'cached', ...data } = flags;
  const problems: string[] = [];
  const portNumber = port === undefined ? null : Number(port);
  if (
    portNumber !== null &&
    !(Number.isInteger(portNumber) && portNumber >= 0 && portNumber < 65_536)
  ) {
    problems.push(`--port must be a whole number from 0 to 65535, not ${JSON.stringify(port)}`);
  }
  const names = PRESETS.map((preset) => preset.name);
  if (!names.includes(policy)) {
    problems.push(`--policy must be one of ${names.join(', ')}, not ${JSON.stringify(policy)}`);
  }
  try {
    const run = parseRunOptions([], data);
    if (problems.length === 0) return { port: portNumber, policy, ...run };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    problems.push(error.message);
  }
  throw new LabError('E_BAD_OPTIONS', problems.join('\n'), {
    hint: 'npm run lab -- up --help shows every option with its range',
    exitCode: EXIT.badArguments,
  });
}

/** 3000 or the next that is free; any free one if ten in a row are taken. */
async function usualPort(): Promise<number> {
  for (let port = USUAL_PORT; port < USUAL_PORT + PORTS_TRIED; port += 1) {
    const free = await requireFreePort(port, 'the store').then(
      () => true,
      () => false,
    );
    if (free) return port;
  }
  return freePort();
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
