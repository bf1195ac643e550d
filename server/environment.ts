import { z } from 'zod';
import { PolicyError, resolvePolicy } from './cache/policy.ts';
import type { Policy } from './cache/policy.ts';
import { REDIS_URL_FORMS, redisPlace } from './redis-connect.ts';

/** Settings of one server process; `lab/server-protocol.ts` documents the variables. */
export interface Environment {
  host: string;
  port: number;
  postgresUrl: string;
  redisUrl: string;
  keyPrefix: string;
  policy: Policy;
  dbLatency: { minMs: number; maxMs: number };
  dbPoolSize: number;
  /** Null: waits for ever. */
  dbMaxWaitMs: number | null;
  /** Null: waits for ever. */
  dbTimeoutMs: number | null;
  redisTimeoutMs: number;
  /** Settings of the Redis client: ours, or those that its library has by itself. */
  redisClient: 'recommended' | 'default';
  /** False: no circuit breaker in front of Redis. */
  redisBreaker: boolean;
  seed: number;
  labToken: string | null;
  logLevel: string;
  /** Pages that take longer are logged. */
  slowMs: number;
  /** Each read, load and write is kept for the lab. */
  journal: boolean;
}

/** Every variable that is wrong, in one error. */
export class EnvironmentError extends Error {
  readonly reasons: string[];

  constructor(reasons: string[]) {
    super(`the environment is not usable:\n${reasons.map((reason) => `  ${reason}`).join('\n')}`);
    this.name = 'EnvironmentError';
    this.reasons = reasons;
  }
}

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
/** Levels of pino. */
export const logLevel: z.ZodType<string> = z.enum(LEVELS, `one of ${LEVELS.join(', ')}`);

/** A whole number from `low` to `high`, as text. */
export function integer(low: number, high: number): z.ZodType<number> {
  const range = `a whole number from ${low} to ${high}`;
  return z.coerce.number(range).int(range).min(low, range).max(high, range);
}

/** A URL with one of these beginnings, e.g. `redis://`. */
export function url(protocols: string[]): z.ZodType<string> {
  return z
    .string(`a URL is required, beginning with ${protocols.join(' or ')}`)
    .refine(
      (text) => URL.canParse(text) && protocols.includes(`${new URL(text).protocol}//`),
      `a URL beginning with ${protocols.join(' or ')}`,
    );
}

/** Of one Redis, of sentinels, or of a cluster. */
export const redisUrl: z.ZodType<string> = z
  .string(`a URL is required: ${REDIS_URL_FORMS}`)
  .refine((text) => redisPlace(text) !== null, `a URL of one of the forms ${REDIS_URL_FORMS}`);

const latency = z
  .string()
  .regex(/^\d+(\.\d+)?(-\d+(\.\d+)?)?$/, 'milliseconds, as `0`, `10` or `5-10`')
  .transform((text) => {
    const [low = '0', high = low] = text.split('-');
    return { minMs: Number(low), maxMs: Number(high) };
  })
  .refine(({ minMs, maxMs }) => minMs <= maxMs && maxMs <= 1000, 'low-high, at most 1000 ms');

const waitRange = 'milliseconds from 1 to 600000, or `unbounded`';
const wait = z
  .string()
  .regex(/^(unbounded|\d{1,6})$/, waitRange)
  .transform((text) => (text === 'unbounded' ? null : Number(text)))
  .refine((ms) => ms === null || (ms >= 1 && ms <= 600_000), waitRange);

const policy = z.string().transform((text, context): Policy => {
  try {
    const input: unknown = text.trimStart().startsWith('{') ? JSON.parse(text) : text;
    return resolvePolicy(input);
  } catch (error) {
    const reasons = error instanceof PolicyError ? error.reasons : ['neither a name nor JSON'];
    for (const message of reasons) context.addIssue(message);
    return z.NEVER;
  }
});

const schema = z.object({
  CACHELAB_HOST: z.string().default('127.0.0.1'),
  CACHELAB_PORT: integer(0, 65_535).default(3000),
  CACHELAB_PG_URL: url(['postgres://', 'postgresql://']),
  CACHELAB_REDIS_URL: redisUrl,
  CACHELAB_KEY_PREFIX: z.string().max(100, 'at most 100 characters').default(''),
  CACHELAB_POLICY: policy.prefault('cached'),
  CACHELAB_DB_LATENCY: latency.prefault('5-10'),
  CACHELAB_DB_POOL: integer(1, 1000).default(50),
  CACHELAB_DB_MAX_WAIT_MS: wait.prefault('2000'),
  CACHELAB_DB_TIMEOUT_MS: wait.prefault('10000'),
  CACHELAB_REDIS_TIMEOUT_MS: integer(1, 60_000).default(100),
  CACHELAB_REDIS_CLIENT: z
    .enum(['recommended', 'default'], '`recommended` or `default`')
    .default('recommended'),
  CACHELAB_REDIS_BREAKER: z.enum(['on', 'off'], '`on` or `off`').default('on'),
  CACHELAB_SEED: integer(0, 2 ** 32 - 1).default(1),
  CACHELAB_LAB_TOKEN: z.string().min(8, 'at least 8 characters').optional(),
  CACHELAB_LOG: logLevel.default('warn'),
  CACHELAB_SLOW_MS: integer(0, 600_000).default(100),
  CACHELAB_JOURNAL: z.enum(['on', 'off'], '`on` or `off`').default('off'),
});

/**
 * @param variables - `process.env`.
 * @throws EnvironmentError with every wrong variable, its value and what is allowed.
 */
export function readEnvironment(variables: Record<string, string | undefined>): Environment {
  const values = parseVariables(schema, variables);
  return {
    host: values.CACHELAB_HOST,
    port: values.CACHELAB_PORT,
    postgresUrl: values.CACHELAB_PG_URL,
    redisUrl: values.CACHELAB_REDIS_URL,
    keyPrefix: values.CACHELAB_KEY_PREFIX,
    policy: values.CACHELAB_POLICY,
    dbLatency: values.CACHELAB_DB_LATENCY,
    dbPoolSize: values.CACHELAB_DB_POOL,
    dbMaxWaitMs: values.CACHELAB_DB_MAX_WAIT_MS,
    dbTimeoutMs: values.CACHELAB_DB_TIMEOUT_MS,
    redisTimeoutMs: values.CACHELAB_REDIS_TIMEOUT_MS,
    redisClient: values.CACHELAB_REDIS_CLIENT,
    redisBreaker: values.CACHELAB_REDIS_BREAKER === 'on',
    seed: values.CACHELAB_SEED,
    labToken: values.CACHELAB_LAB_TOKEN ?? null,
    logLevel: values.CACHELAB_LOG,
    slowMs: values.CACHELAB_SLOW_MS,
    journal: values.CACHELAB_JOURNAL === 'on',
  };
}

/**
 * @param expected - An object with one entry per variable; others are passed over.
 * @throws EnvironmentError with every wrong variable; the value too, where it holds no secret.
 */
export function parseVariables<Schema extends z.ZodObject>(
  expected: Schema,
  variables: Record<string, string | undefined>,
): z.infer<Schema> {
  const parsed = expected.safeParse(variables);
  if (!parsed.success) {
    throw new EnvironmentError(
      parsed.error.issues.map((issue) => {
        const name = String(issue.path[0]);
        const value = variables[name];
        const secret = name.endsWith('_URL') || name.endsWith('_TOKEN');
        const shown = value === undefined ? 'is not set' : secret ? 'is set' : `is "${value}"`;
        return `${name} ${shown}: ${issue.message}`;
      }),
    );
  }
  return parsed.data;
}
