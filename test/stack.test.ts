import { Redis } from 'ioredis';
import { Client } from 'pg';
import { describe, expect, test } from 'vitest';
import { freshDatabase, testStack } from './stack.ts';

describe('the services of the tests', () => {
  test('Postgres counts statements, and a fresh database of it is empty', async () => {
    const { url, drop } = await freshDatabase('stack test');
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      const tables = await client.query(
        `SELECT FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
         WHERE relkind = 'r' AND nspname = 'public'`,
      );
      expect(tables.rowCount).toBe(0);
      const counts = await client.query('SELECT count(*) FROM pg_stat_statements');
      expect(counts.rowCount).toBe(1);
    } finally {
      await client.end();
      await drop();
    }
  });

  test('Redis answers, and keeps nothing on disk', async () => {
    const { redisUrl } = await testStack();
    const redis = new Redis(redisUrl);
    try {
      expect(await redis.ping()).toBe('PONG');
      expect(await redis.config('GET', 'appendonly')).toEqual(['appendonly', 'no']);
    } finally {
      redis.disconnect();
    }
  });
});
