import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { buildDataset, copyText, digestOf, TABLE_NAMES, TABLES } from './dataset.ts';

const OUR_COMMENT = 'cachelab data, safe to drop';
const sqlFile = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');

export interface SeedOptions {
  url: string;
  /** Seed of the generated stores; the restaurant is the same in all. */
  seed: number;
  /** Stores beside the restaurant. */
  stores: number;
  /** One line per step, for people. */
  onEvent?: (line: string) => void;
}

export interface SeedResult {
  /** SHA-256 of the rows; `datasetDigest(seed, stores)` gives the same without a database. */
  digest: string;
  /** Rows, the restaurant included. */
  stores: number;
  products: number;
  /** Wall time of the whole call, generating the rows included. */
  seconds: number;
}

/**
 * Drops the schema `cachelab`, creates it again and loads it, all in one transaction: other
 * sessions see the old rows or the new ones. Nothing outside that schema is touched.
 * @throws Error if a schema of that name exists that this function did not make, or if a session
 * holds one of its tables for more than 10 s; the database is then as it was.
 */
export async function seedDatabase(options: SeedOptions): Promise<SeedResult> {
  const started = performance.now();
  const event = options.onEvent ?? (() => {});
  const data = buildDataset(options.seed, options.stores);
  await withClient(options.url, async (client) => {
    await inTransaction(client, async () => {
      await client.query("SET LOCAL lock_timeout = '10s'; SET LOCAL client_min_messages = warning");
      // Two loaders at once wait for each other instead of colliding.
      await client.query("SELECT pg_advisory_xact_lock(hashtext('cachelab seed'))");
      await dropOwnSchema(client);
      await client.query(sqlFile('./schema.sql'));
      for (const table of TABLE_NAMES) {
        const columns = TABLES[table].join(', ');
        // FREEZE: rows of a table made in this transaction need no vacuum afterwards.
        const copy = `COPY cachelab.${table} (${columns}) FROM STDIN WITH (FREEZE)`;
        await pipeline(Readable.from([copyText(data[table])]), client.query(copyFrom(copy)));
        event(`${table}: ${data[table].length} rows`);
      }
      await client.query(sqlFile('./triggers.sql'));
      await client.query(sqlFile('./outbox.sql'));
    });
    await client.query(`ANALYZE ${TABLE_NAMES.map((table) => `cachelab.${table}`).join(', ')}`);
  });
  const seconds = (performance.now() - started) / 1000;
  event(`loaded in ${seconds.toFixed(1)} s`);
  return {
    digest: digestOf(data),
    stores: data.stores.length,
    products: data.products.length,
    seconds,
  };
}

async function dropOwnSchema(client: Client): Promise<void> {
  const { rows } = await client.query<{ comment: string | null }>(
    "SELECT obj_description(oid, 'pg_namespace') AS comment FROM pg_namespace WHERE nspname = 'cachelab'",
  );
  const found = rows[0];
  if (found === undefined) return;
  if (found.comment !== OUR_COMMENT) {
    throw new Error(
      'the database has a schema "cachelab" that cachelab did not make; it was left alone. ' +
        'Point CACHELAB_PG_URL at another database.',
    );
  }
  await client.query('DROP SCHEMA cachelab CASCADE');
}

/** Runs `work` with a connection of its own, closed afterwards whatever happens. */
export async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, application_name: 'cachelab-seed' });
  // A connection lost between two statements would otherwise end the process; the next one reports it.
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Runs `work` between BEGIN and COMMIT; an error rolls back and is thrown on. */
export async function inTransaction<T>(client: Client, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN');
  try {
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    // The first error is the one to report, also when the connection is gone and this fails too.
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}
