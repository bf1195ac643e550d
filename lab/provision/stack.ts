import { EXIT, LabError } from '../errors.ts';
import { type K6, provideK6 } from './k6.ts';
import { type Postgres, startPostgres } from './postgres.ts';
import { provideRedis, type Redis } from './redis.ts';
import type { Supervisor } from './supervisor.ts';

export type ServiceName = 'postgres' | 'redis' | 'k6';

/** The services of a run; null for one that was not asked for. */
export interface Stack {
  postgres: Postgres | null;
  redis: Redis | null;
  k6: K6 | null;
}

/**
 * Finds, installs and starts the services, all at once.
 * @throws LabError with exit code 69 that names every service that is missing, not the first alone. What had started is ended.
 */
export async function startStack(options: {
  root: string;
  supervisor: Supervisor;
  services: readonly ServiceName[];
  env?: NodeJS.ProcessEnv;
  onEvent?: (line: string) => void;
}): Promise<Stack> {
  const { services, supervisor } = options;
  const common = { ...options, env: { ...(options.env ?? process.env), ...supervisor.mark } };
  const wanted = <T>(name: ServiceName, start: () => Promise<T>): Promise<T | null> =>
    services.includes(name) ? start() : Promise.resolve(null);
  const [postgres, redis, k6] = await Promise.allSettled([
    wanted('postgres', () => startPostgres(common)),
    wanted('redis', () => provideRedis(common)),
    wanted('k6', () => provideK6(common)),
  ]);
  const failures = [postgres, redis, k6].flatMap((result) =>
    result.status === 'rejected' ? [result.reason as unknown] : [],
  );
  if (failures.length === 0 && ok(postgres) && ok(redis) && ok(k6)) {
    return { postgres: postgres.value, redis: redis.value, k6: k6.value };
  }
  if (ok(postgres)) await postgres.value?.process?.stop();
  if (ok(redis)) await redis.value?.process?.stop();
  throw combined(failures);
}

function ok<T>(result: PromiseSettledResult<T>): result is PromiseFulfilledResult<T> {
  return result.status === 'fulfilled';
}

function combined(failures: unknown[]): unknown {
  const missing = failures.filter((failure) => failure instanceof LabError);
  if (failures.length === 1 || missing.length < failures.length) return failures[0];
  return new LabError('E_SERVICES_MISSING', missing.map((failure) => failure.message).join('\n'), {
    hint: missing.map((failure) => `[${failure.code}] ${failure.hint ?? ''}`).join('\n'),
    exitCode: missing.some((failure) => failure.exitCode !== EXIT.serviceMissing)
      ? EXIT.failed
      : EXIT.serviceMissing,
  });
}
