import { Client, DatabaseError } from 'pg';
import { EXIT, LabError } from '../errors.ts';
import { versionIn } from './programs.ts';

/** Where our data goes on a server. */
export interface PreparedDatabase {
  url: string;
  version: string;
  pgStatStatements: boolean;
}

/**
 * A foreign server: our own database on it if the role may make one, else the database that the URL names.
 * @param purpose - `look` makes no database: it only asks for the version.
 * @throws LabError `E_POSTGRES_UNREACHABLE`.
 */
export async function foreignPostgres(
  url: string,
  purpose: 'use' | 'look' = 'use',
): Promise<PreparedDatabase> {
  try {
    return await prepareDatabase(url, purpose);
  } catch (cause) {
    throw new LabError(
      'E_POSTGRES_UNREACHABLE',
      `no usable Postgres at ${withoutPassword(url)}: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        hint: 'check CACHELAB_PG_URL (postgres://user:password@host:5432/database), or unset it to let the lab start its own',
        cause,
        exitCode: EXIT.serviceMissing,
      },
    );
  }
}

/** Makes our database if the role may, and turns statement counts on if the server has them. */
export async function prepareDatabase(
  url: string,
  purpose: 'use' | 'look' = 'use',
): Promise<PreparedDatabase> {
  const [server] = await query<{
    number: string;
    version: string;
    may_create: boolean;
    exists: boolean;
  }>(
    url,
    `SELECT current_setting('server_version_num') AS number, current_setting('server_version') AS version,
       (SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user) AS may_create,
       EXISTS (SELECT FROM pg_database WHERE datname = 'cachelab') AS exists`,
  );
  if (server === undefined) throw new Error('it does not tell its version');
  if (Number(server.number) < 140_000)
    throw new Error(`it is ${server.version}, needed is 14 or newer`);
  const version = versionIn(server.version) ?? server.version;
  if (purpose === 'look') return { url, version, pgStatStatements: false };
  // The data goes into a schema of its own in either, so no table of somebody else is ever met.
  const candidates = [new URL(url)];
  if (server.exists || server.may_create) {
    if (!server.exists) {
      await query(url, 'CREATE DATABASE cachelab').catch((error: unknown) => {
        // Two labs may start at once on one server.
        if (!(error instanceof DatabaseError) || error.code !== '42P04') throw error;
      });
    }
    const own = new URL(url);
    own.pathname = '/cachelab';
    candidates.unshift(own);
  }
  for (const { href } of candidates) {
    if (!(await mayCreateSchema(href))) continue;
    return {
      url: href,
      version,
      pgStatStatements: await hasStatementCounts(href),
    };
  }
  throw new Error(
    'the role may create neither a database nor a schema: GRANT CREATE ON DATABASE … TO …',
  );
}

async function mayCreateSchema(url: string): Promise<boolean> {
  const [answer] = await query<{ may: boolean }>(
    url,
    `SELECT has_database_privilege(current_database(), 'CREATE') AS may`,
  ).catch(() => []);
  return answer?.may ?? false;
}

async function hasStatementCounts(url: string): Promise<boolean> {
  try {
    // Needs a superuser; where the extension is there already, it is only a notice.
    await query(url, 'CREATE EXTENSION IF NOT EXISTS pg_stat_statements').catch(() => []);
    await query(url, 'SELECT count(*) FROM pg_stat_statements');
    return true;
  } catch {
    return false;
  }
}

/** One statement on a connection of its own. */
export async function query<Row extends object>(url: string, sql: string): Promise<Row[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}

function withoutPassword(url: string): string {
  try {
    const shown = new URL(url);
    if (shown.password !== '') shown.password = '***';
    return shown.href;
  } catch {
    return 'an address that is no URL';
  }
}
