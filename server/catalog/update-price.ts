import type { Database, Statement } from '../database/database.ts';

const LOCK_STORE: Statement = {
  name: 'update_lock_store',
  // The trigger takes the same lock later; taken first, two changes of one menu cannot deadlock.
  text: 'SELECT id FROM cachelab.stores WHERE slug = $1 FOR NO KEY UPDATE',
};

const UPDATE_PRICE: Statement = {
  name: 'update_price',
  // The sub-select sees the row before the update: the store's lock keeps it still.
  text: `UPDATE cachelab.products AS p SET price = $3::numeric
FROM (SELECT id, price FROM cachelab.products WHERE id = $2 AND store_id = $1) AS before
WHERE p.id = before.id
RETURNING p.version, p.price::float8 AS price, before.price::float8 AS previous_price`,
};

const FIND_STORE: Statement = {
  name: 'find_store',
  text: 'SELECT id FROM cachelab.stores WHERE slug = $1',
};

export interface PriceUpdate {
  /** Version of the menu that has the new price. */
  menuVersion: number;
  productId: number;
  previousPrice: number;
  price: number;
}

/**
 * Changes one price. When it resolves the change is committed, and the answer's `menuVersion` is the
 * one that the trigger gave it.
 * @param change - `price` in the store's currency, 0 to 99,999,999.99, rounded to two decimals.
 * @throws what `Database` throws, for a price out of range too.
 */
export async function updatePrice(
  db: Database,
  change: { slug: string; productId: number; price: number },
): Promise<PriceUpdate | 'unknown-store' | 'unknown-product'> {
  const { slug, productId, price } = change;
  return db.write(async (session) => {
    const [store] = await session.query<{ id: number }>(LOCK_STORE, [slug]);
    if (store === undefined) return 'unknown-store';
    const [row] = await session.query<{ version: number; price: number; previous_price: number }>(
      UPDATE_PRICE,
      [store.id, productId, price],
    );
    if (row === undefined) return 'unknown-product';
    return {
      menuVersion: row.version,
      productId,
      previousPrice: row.previous_price,
      price: row.price,
    };
  });
}

/** Whether a store with this slug exists: one round trip. */
export async function storeExists(
  db: Database,
  slug: string,
  signal?: AbortSignal,
): Promise<boolean> {
  return (await db.readOne(FIND_STORE, [slug], signal)).length > 0;
}
