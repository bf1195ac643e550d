import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { BenchContext } from './bench-context.ts';
import { LabError } from './errors.ts';
import type { OwnRedis } from './protocol.ts';
import { findRedis, type Redis, type RedisProgram, startRedis } from './provision/redis.ts';
import { clockShim } from './sim/clock-shim.ts';

/** The Redis that a trial's servers use. */
export interface TrialRedis {
  url: string;
  keyPrefix: string;
  /** Its processes, as far as they are known and alive. */
  pids(): number[];
}

/** @throws LabError `E_OWN_REDIS` where no redis-server program is to be had: a foreign server is never killed. */
export async function ownRedisProgram(
  context: Pick<BenchContext, 'supervisor' | 'root'>,
): Promise<RedisProgram> {
  const { supervisor, root } = context;
  const env = { ...process.env, ...supervisor.mark };
  const program = await findRedis(root, env, { install: true });
  if ('bin' in program) return program;
  throw new LabError(
    'E_OWN_REDIS',
    'Redis is killed here on purpose: it has to be one of the lab’s own',
    {
      hint: `install redis-server or valkey-server; tried: ${program.tried.join('; ')}`,
      exitCode: 69,
    },
  );
}

/**
 * A Redis for one trial, which may be frozen, killed and started again on the same port with the same data folder.
 * @param args - Of redis-server, after the lab's own: `['--maxmemory', '64mb']`.
 * @param clockFactor - How many times as fast as ours its clock shall run.
 * @throws LabError `E_OWN_REDIS`
 */
export async function startOwnRedis(
  context: Pick<BenchContext, 'supervisor' | 'root'>,
  args: readonly string[],
  clockFactor = 1,
): Promise<OwnRedis & { stop(): Promise<void> }> {
  const { supervisor } = context;
  const program = await ownRedisProgram(context);
  const clock =
    clockFactor === 1 ? { env: {} } : await clockShim(context.root, program.env, clockFactor);
  const clockProblem = 'reason' in clock ? clock.reason : null;
  const env = { ...program.env, ...('reason' in clock ? {} : clock.env) };
  const folder = join(supervisor.runFolder, `own-redis-${randomBytes(3).toString('hex')}`);
  const start = (port?: number): Promise<Redis> =>
    startRedis({
      supervisor,
      ...program,
      env,
      name: 'own-redis',
      folder,
      args,
      ...(port === undefined ? {} : { port }),
    });
  let server = await start();
  const port = Number(new URL(server.url).port);
  return {
    url: server.url,
    clockFactor: clockProblem === null ? clockFactor : 1,
    clockProblem,
    get pid() {
      return server.process?.pid ?? 0;
    },
    freeze: () => server.process?.freeze(),
    thaw: () => server.process?.thaw(),
    async kill() {
      // `stop` asks first, and Redis would begin to save.
      server.process?.child.kill('SIGKILL');
      await server.process?.exited;
    },
    async restart() {
      server = await start(port);
    },
    async stop() {
      await server.process?.stop();
    },
  };
}
