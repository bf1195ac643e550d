import { describe, expect, test } from 'vitest';
import { EnvironmentError, readEnvironment } from './environment.ts';

const required = {
  CACHELAB_PG_URL: 'postgres://user@127.0.0.1:5432/cachelab',
  CACHELAB_REDIS_URL: 'redis://127.0.0.1:6379',
};

function reasons(variables: Record<string, string>): string[] {
  try {
    readEnvironment(variables);
  } catch (error) {
    if (error instanceof EnvironmentError) return error.reasons;
    throw error;
  }
  return [];
}

describe('the environment of a server', () => {
  test('two URLs are enough; the rest are the documented defaults', () => {
    expect(readEnvironment(required)).toMatchObject({
      host: '127.0.0.1',
      port: 3000,
      keyPrefix: '',
      policy: { name: 'cached' },
      dbLatency: { minMs: 5, maxMs: 10 },
      dbPoolSize: 50,
      dbMaxWaitMs: 2000,
      dbTimeoutMs: 10_000,
      redisTimeoutMs: 100,
      redisBreaker: true,
      seed: 1,
      labToken: null,
      logLevel: 'warn',
    });
  });

  test.each([
    ['0', { minMs: 0, maxMs: 0 }],
    ['10', { minMs: 10, maxMs: 10 }],
    ['2.5-7', { minMs: 2.5, maxMs: 7 }],
  ])('a database latency of "%s" is read', (text, expected) => {
    const { dbLatency } = readEnvironment({ ...required, CACHELAB_DB_LATENCY: text });
    expect(dbLatency).toEqual(expected);
  });

  test('the waits for a connection and for an answer may be unbounded', () => {
    const { dbMaxWaitMs, dbTimeoutMs } = readEnvironment({
      ...required,
      CACHELAB_DB_MAX_WAIT_MS: 'unbounded',
      CACHELAB_DB_TIMEOUT_MS: 'unbounded',
    });
    expect([dbMaxWaitMs, dbTimeoutMs]).toEqual([null, null]);
  });

  test('a policy may be JSON with overrides', () => {
    const CACHELAB_POLICY = '{"preset":"cached","overrides":{"ttlMs":1000}}';
    const { policy } = readEnvironment({ ...required, CACHELAB_POLICY });
    expect(policy.settings.ttlMs).toBe(1000);
  });

  test('every wrong variable is reported at once, with its value and what is allowed', () => {
    const found = reasons({
      CACHELAB_PORT: '70000',
      CACHELAB_PG_URL: 'mysql://x',
      CACHELAB_DB_LATENCY: '10-5',
      CACHELAB_DB_POOL: 'many',
      CACHELAB_DB_MAX_WAIT_MS: '0',
      CACHELAB_POLICY: 'cachd',
      CACHELAB_LOG: 'loud',
    });
    expect(found).toEqual([
      'CACHELAB_PORT is "70000": a whole number from 0 to 65535',
      'CACHELAB_PG_URL is set: a URL beginning with postgres:// or postgresql://',
      'CACHELAB_REDIS_URL is not set: a URL is required: redis://HOST:PORT, rediss://HOST:PORT, redis+sentinel://HOST:PORT,HOST:PORT/NAME or redis+cluster://HOST:PORT,HOST:PORT',
      expect.stringMatching(/^CACHELAB_POLICY is "cachd": preset "cachd" is unknown; known: /),
      'CACHELAB_DB_LATENCY is "10-5": low-high, at most 1000 ms',
      'CACHELAB_DB_POOL is "many": a whole number from 1 to 1000',
      'CACHELAB_DB_MAX_WAIT_MS is "0": milliseconds from 1 to 600000, or `unbounded`',
      'CACHELAB_LOG is "loud": one of fatal, error, warn, info, debug, trace, silent',
    ]);
  });

  test('URLs, which may hold passwords, and tokens are not shown', () => {
    const found = reasons({
      ...required,
      CACHELAB_REDIS_URL: 'http://user:secret@host',
      CACHELAB_LAB_TOKEN: 'short',
    });
    expect(found).toHaveLength(2);
    expect(found.join('\n')).not.toMatch(/secret|"short"/);
  });
});
