import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { inject } from 'vitest';

/** The services that `test/setup.ts` started once for all files of this folder. */
export interface TestStack {
  /** The checkout. */
  root: string;
  /** Database `cachelab`, shared by all files: use `freshDatabase` for one of your own. */
  postgresUrl: string;
  pgStatStatements: boolean;
  /** Shared by all files, which run one after the other: begin with keys of your own or FLUSHDB. */
  redisUrl: string;
  k6Bin: string;
  /** The program, for tests that start a Redis of their own to kill or freeze; null with a foreign Redis alone. */
  redisServer: { bin: string; env: Record<string, string> } | null;
  /** Null where there is none. */
  chromium: { bin: string; env: Record<string, string> } | null;
}

// oxlint-disable-next-line require-await -- callers await it, so that it may one day start what it gives
export async function testStack(): Promise<TestStack> {
  return inject('stack');
}

/**
 * An optional tool of a test. Where it is missing the test is skipped with the reason; under `CI=true` it fails.
 * @example const browser = requireTool((await testStack()).chromium, 'Chromium', context.skip);
 */
export function requireTool<Tool>(
  tool: Tool | null,
  name: string,
  skip: (reason: string) => never,
): Tool {
  if (tool !== null) return tool;
  if (process.env['CI'] === 'true') throw new Error(`${name} is missing, and CI skips no test`);
  return skip(`${name} is missing`);
}

/** A new, empty database with pg_stat_statements where the server has it. `drop` ends every session on it. */
export async function freshDatabase(
  name: string,
): Promise<{ url: string; drop: () => Promise<void> }> {
  const { postgresUrl, pgStatStatements } = inject('stack');
  const database = `${name.replace(/\W/g, '_').toLowerCase()}_${randomBytes(3).toString('hex')}`;
  await run(postgresUrl, `CREATE DATABASE ${database}`);
  const url = new URL(postgresUrl);
  url.pathname = `/${database}`;
  if (pgStatStatements) await run(url.href, 'CREATE EXTENSION pg_stat_statements');
  return {
    url: url.href,
    drop: () => run(postgresUrl, `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`),
  };
}

async function run(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
