import { restaurantDataset, TABLES } from './dataset.ts';
import { inTransaction, withClient } from './load.ts';
import { RESTAURANT_ID } from './restaurant.ts';

/**
 * MD5 over all rows that the restaurant's page shows, versions included, computed by Postgres: two
 * equal values prove the same state. One query, a few ms.
 */
export async function tableDigest(url: string): Promise<string> {
  const parts = Object.entries(TABLES).map(([table, columns]) => {
    const values = columns.map((column) =>
      // As text a timestamp depends on the session's time zone.
      column === 'updated_at' ? 'extract(epoch FROM updated_at)' : column,
    );
    const owner = table === 'stores' ? 'id' : 'store_id';
    return `(SELECT coalesce(string_agg(ROW(${values.join(', ')})::text, E'\\n' ORDER BY ${columns[0]}), '')
      FROM cachelab.${table} WHERE ${owner} = ${RESTAURANT_ID})`;
  });
  return withClient(url, async (client) => {
    const sql = `SELECT md5(concat_ws(E'\\n\\n', ${parts.join(', ')})) AS digest`;
    const { rows } = await client.query<{ digest: string }>(sql);
    if (rows[0] === undefined) throw new Error('md5 returned no row');
    return rows[0].digest;
  });
}

/**
 * Puts the restaurant's dishes and its menu_version back to what the loader wrote, after a trial's
 * price updates, and empties the outbox. Rows that are as they were are not written again. No trigger fires: no version is
 * raised and nobody is notified, so a cache that outlives the reset must be emptied by the caller.
 */
export async function resetRestaurant(url: string): Promise<void> {
  const { products, stores } = restaurantDataset();
  const wanted = products.map((row) =>
    Object.fromEntries(TABLES.products.map((column, index) => [column, row[index]])),
  );
  const columns = TABLES.products.join(', ');
  const values = TABLES.products.map((column) => `excluded.${column}`).join(', ');
  const current = TABLES.products.map((column) => `products.${column}`).join(', ');
  await withClient(url, (client) =>
    inTransaction(client, async () => {
      await client.query("SET LOCAL lock_timeout = '10s'; SET LOCAL cachelab.silent = 'on'");
      // The lock that every writer takes: what is under way ends first, what follows comes after.
      await client.query('SELECT FROM cachelab.stores WHERE id = $1 FOR NO KEY UPDATE', [
        RESTAURANT_ID,
      ]);
      await client.query('DELETE FROM cachelab.products WHERE store_id = $1 AND id <> ALL ($2)', [
        RESTAURANT_ID,
        products.map(([id]) => id),
      ]);
      await client.query(
        `INSERT INTO cachelab.products (${columns})
         SELECT ${columns} FROM json_populate_recordset(NULL::cachelab.products, $1)
         ON CONFLICT (id) DO UPDATE SET (${columns}) = ROW(${values})
         WHERE (${current}) IS DISTINCT FROM (${values})`,
        [JSON.stringify(wanted)],
      );
      await client.query(
        'UPDATE cachelab.stores SET menu_version = $2 WHERE id = $1 AND menu_version <> $2',
        [RESTAURANT_ID, stores[0]?.[4]],
      );
      await client.query('DELETE FROM cachelab.product_changes');
    }),
  );
}
