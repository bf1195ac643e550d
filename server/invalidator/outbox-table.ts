import type { Client } from 'pg';

/** How far an invalidator has come. */
export interface Progress {
  /** Every change that this snapshot sees is applied; `xmin:xmax:xids in progress`. */
  snapshot: string;
  /** The Redis data set in which it was applied; empty: none. */
  redisIdentity: string;
}

/** Changes that have become visible between two snapshots, one per store. */
export interface Batch {
  /** The later snapshot. */
  snapshot: string;
  /** `changedAtMs`: of the first, by the clock of Postgres. */
  changes: { slug: string; changedAtMs: number }[];
  /** Some change concerns all stores. */
  all: boolean;
  /** Rows of the table behind it. */
  rows: number;
}

/** How to know what is new: what the present snapshot sees and the former did not, by the number of the transaction. */
const FRESH = `
WITH fresh AS (
  SELECT store_id, slug, count(*)::int AS changes,
    (extract(epoch FROM min(changed_at)) * 1000)::float8 AS changed_at_ms
  FROM cachelab.product_changes
  WHERE xid >= pg_snapshot_xmin($1::pg_snapshot) AND NOT pg_visible_in_snapshot(xid, $1::pg_snapshot)
  GROUP BY store_id, slug
)
SELECT pg_current_snapshot()::text AS snapshot, fresh.*
FROM (VALUES (1)) AS always LEFT JOIN fresh ON true`;

/**
 * One look at the outbox. One statement, so the snapshot is the one in which the rows were read.
 *
 * Neither `id > last` nor `changed_at > last` would do: a transaction that began before the last look and commits after it
 * brings a row with a lower id, which would never be read. And from the snapshot's xmin on alone, without the second
 * condition, all rows since the oldest transaction under way would come again with every look.
 */
export async function readFresh(client: Client, seen: string): Promise<Batch> {
  const { rows } = await client.query<{
    snapshot: string;
    store_id: number | null;
    slug: string | null;
    changed_at_ms: number;
    changes: number | null;
  }>({ name: 'fresh', text: FRESH, values: [seen] });
  const found = rows.filter((row) => row.changes !== null);
  return {
    snapshot: rows[0]?.snapshot ?? seen,
    changes: found.flatMap(({ slug, changed_at_ms: changedAtMs }) =>
      slug === null ? [] : [{ slug, changedAtMs }],
    ),
    all: found.some((row) => row.store_id === null),
    rows: found.reduce((sum, row) => sum + (row.changes ?? 0), 0),
  };
}

/** Slugs of the stores whose changes the table still knows. */
export async function readKept(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ slug: string }>(
    'SELECT DISTINCT slug FROM cachelab.product_changes WHERE slug IS NOT NULL',
  );
  return rows.map(({ slug }) => slug);
}

/**
 * @param known - What this process itself has done, which may be more than was saved; null: it has just started.
 * @returns Where the invalidator of this prefix left off. Where there is no such place, or where changes since may have been
 * trimmed, or come from a database that was put back: the present snapshot, and a Redis that nobody knows.
 */
export async function readProgress(
  client: Client,
  keyPrefix: string,
  keepSeconds: number,
  known: Progress | null = null,
): Promise<Progress> {
  const { rows } = await client.query<{ snapshot: string; redis_identity: string }>(
    `SELECT left_off.snapshot::text, redis_identity
     FROM cachelab.invalidators, coalesce($3::pg_snapshot, snapshot) AS left_off (snapshot)
     WHERE key_prefix = $1 AND saved_at > now() - make_interval(secs => $2)
       AND pg_snapshot_xmax(left_off.snapshot) <= pg_snapshot_xmax(pg_current_snapshot())`,
    [keyPrefix, keepSeconds, known?.snapshot ?? null],
  );
  const [found] = rows;
  if (found !== undefined) return { snapshot: found.snapshot, redisIdentity: found.redis_identity };
  const now = await client.query<{ snapshot: string }>(
    'SELECT pg_current_snapshot()::text AS snapshot',
  );
  return { snapshot: now.rows[0]?.snapshot ?? '1:1:', redisIdentity: '' };
}

export async function saveProgress(
  client: Client,
  keyPrefix: string,
  { snapshot, redisIdentity }: Progress,
): Promise<void> {
  await client.query(
    `INSERT INTO cachelab.invalidators (key_prefix, snapshot, redis_identity) VALUES ($1, $2, $3)
     ON CONFLICT (key_prefix) DO UPDATE
       SET snapshot = excluded.snapshot, redis_identity = excluded.redis_identity, saved_at = now()`,
    [keyPrefix, snapshot, redisIdentity],
  );
}

/**
 * Removes rows that are older than `keepSeconds` and applied by every invalidator that is alive; at most 10,000 at a time.
 * @returns How many.
 */
export async function trim(client: Client, keepSeconds: number): Promise<number> {
  const { rowCount } = await client.query(
    `DELETE FROM cachelab.product_changes WHERE id IN (
       SELECT id FROM cachelab.product_changes AS change
       WHERE changed_at < now() - make_interval(secs => $1) AND NOT EXISTS (
         SELECT FROM cachelab.invalidators
         WHERE saved_at > now() - make_interval(secs => $1) AND pg_snapshot_xmin(snapshot) <= xid)
       LIMIT 10000)`,
    [keepSeconds],
  );
  return rowCount ?? 0;
}
