import { z } from 'zod';
import { integer, logLevel, parseVariables, redisUrl, url } from '../environment.ts';

/**
 * Settings of one invalidator process.
 *
 * | variable | meaning | default |
 * | --- | --- | --- |
 * | CACHELAB_INVALIDATOR | `event-driven` or `outbox` | required |
 * | CACHELAB_HOST, CACHELAB_PORT | where health and figures are served | 127.0.0.1, 3100 |
 * | CACHELAB_PG_URL, CACHELAB_REDIS_URL | its services | required |
 * | CACHELAB_KEY_PREFIX | prefix of every Redis key | empty |
 * | CACHELAB_INVALIDATOR_POLL_MS | longest time between two looks at the outbox | 200 |
 * | CACHELAB_INVALIDATOR_HEARTBEAT_MS | between two questions to an idle connection | 500 |
 * | CACHELAB_INVALIDATOR_TIMEOUT_MS | longest wait for an answer, then the connection counts as lost | 1500 |
 * | CACHELAB_INVALIDATOR_KEEP_SECONDS | how long applied changes stay in the outbox | 600 |
 * | CACHELAB_LOG | pino level | warn |
 */
export interface InvalidatorEnvironment {
  form: 'event-driven' | 'outbox';
  host: string;
  port: number;
  postgresUrl: string;
  redisUrl: string;
  keyPrefix: string;
  pollMs: number;
  heartbeatMs: number;
  timeoutMs: number;
  keepSeconds: number;
  logLevel: string;
}

const schema = z.object({
  CACHELAB_INVALIDATOR: z.enum(['event-driven', 'outbox'], '`event-driven` or `outbox`'),
  CACHELAB_HOST: z.string().default('127.0.0.1'),
  CACHELAB_PORT: integer(0, 65_535).default(3100),
  CACHELAB_PG_URL: url(['postgres://', 'postgresql://']),
  CACHELAB_REDIS_URL: redisUrl,
  CACHELAB_KEY_PREFIX: z.string().max(100, 'at most 100 characters').default(''),
  CACHELAB_INVALIDATOR_POLL_MS: integer(5, 60_000).default(200),
  CACHELAB_INVALIDATOR_HEARTBEAT_MS: integer(50, 60_000).default(500),
  CACHELAB_INVALIDATOR_TIMEOUT_MS: integer(50, 60_000).default(1500),
  CACHELAB_INVALIDATOR_KEEP_SECONDS: integer(1, 86_400).default(600),
  CACHELAB_LOG: logLevel.default('warn'),
});

/**
 * @param variables - `process.env`.
 * @throws EnvironmentError with every wrong variable, its value and what is allowed.
 */
export function readInvalidatorEnvironment(
  variables: Record<string, string | undefined>,
): InvalidatorEnvironment {
  const values = parseVariables(schema, variables);
  return {
    form: values.CACHELAB_INVALIDATOR,
    host: values.CACHELAB_HOST,
    port: values.CACHELAB_PORT,
    postgresUrl: values.CACHELAB_PG_URL,
    redisUrl: values.CACHELAB_REDIS_URL,
    keyPrefix: values.CACHELAB_KEY_PREFIX,
    pollMs: values.CACHELAB_INVALIDATOR_POLL_MS,
    heartbeatMs: values.CACHELAB_INVALIDATOR_HEARTBEAT_MS,
    timeoutMs: values.CACHELAB_INVALIDATOR_TIMEOUT_MS,
    keepSeconds: values.CACHELAB_INVALIDATOR_KEEP_SECONDS,
    logLevel: values.CACHELAB_LOG,
  };
}
