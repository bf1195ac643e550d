import type { Dataset } from './dataset.ts';
import { TABLES } from './dataset.ts';
import { inTransaction, withClient } from './load.ts';
import { RESTAURANT_ID } from './restaurant.ts';

/**
 * Puts the generated stores back to what the loader wrote: changed and deleted dishes, versions, stores that were added.
 * Untouched stores cost one scan of the dishes, about 20 ms for 1,000 of them. No trigger fires.
 * @param data - The rows as loaded: `buildDataset` of the same seed and number of stores.
 */
export async function resetStores(url: string, data: Dataset): Promise<void> {
  const rows = new Map(data.products.map((row) => [row[0], row]));
  const lastStore = data.stores.length;
  await withClient(url, (client) =>
    inTransaction(client, async () => {
      await client.query("SET LOCAL lock_timeout = '10s'; SET LOCAL cachelab.silent = 'on'");
      await client.query('DELETE FROM cachelab.stores WHERE id > $1', [lastStore]);
      const { rows: found } = await client.query<{ id: number; version: number }>(
        'SELECT id, version FROM cachelab.products WHERE store_id <> $1',
        [RESTAURANT_ID],
      );
      const present = new Set(found.map(({ id }) => id));
      const added = found.filter(({ id }) => !rows.has(id)).map(({ id }) => id);
      const changed = found.filter(({ id, version }) => rows.has(id) && version > 1);
      const missing = data.products.filter(
        ([id, storeId]) => storeId !== RESTAURANT_ID && !present.has(Number(id)),
      );
      const wanted = [...changed.map(({ id }) => rows.get(id)!), ...missing];
      if (added.length > 0) {
        await client.query('DELETE FROM cachelab.products WHERE id = ANY ($1)', [added]);
      }
      if (wanted.length > 0) {
        const columns = TABLES.products.join(', ');
        const values = TABLES.products.map((column) => `excluded.${column}`).join(', ');
        await client.query(
          `INSERT INTO cachelab.products (${columns})
           SELECT ${columns} FROM json_populate_recordset(NULL::cachelab.products, $1)
           ON CONFLICT (id) DO UPDATE SET (${columns}) = ROW(${values})`,
          [JSON.stringify(wanted.map(asObject))],
        );
      }
      await client.query(
        'UPDATE cachelab.stores SET menu_version = 1 WHERE menu_version <> 1 AND id <> $1',
        [RESTAURANT_ID],
      );
    }),
  );
}

function asObject(row: Dataset['products'][number]): Record<string, unknown> {
  return Object.fromEntries(TABLES.products.map((column, index) => [column, row[index]]));
}
