import type { Database, Statement } from '../database/database.ts';

const LOCK_STORE: Statement = {
  name: 'update_lock_store',
  // The trigger takes the same lock later; taken first, two changes of one menu cannot deadlock.
  text: 'SELECT id FROM cachelab.stores WHERE slug = $1 FOR NO KEY UPDATE',
};

const LOCK_STORE_SILENTLY: Statement = {
  name: 'update_lock_store_silently',
  // In the same round trip: the triggers of this transaction send no NOTIFY.
  text: `SELECT id, set_config('cachelab.notify', 'off', true) FROM cachelab.stores
WHERE slug = $1 FOR NO KEY UPDATE`,
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

const WAKE_INVALIDATOR: Statement = { name: 'wake_invalidator', text: 'NOTIFY outbox_wakeup' };

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
 * @param change - `price` in the store's currency, 0 to 99,999,999.99, rounded to two decimals. `announce`: whether the
 *   triggers NOTIFY product_changes at the COMMIT; where the outbox is read nobody listens, and it has a price.
 * @throws what `Database` throws, for a price out of range too.
 */
export async function updatePrice(
  db: Database,
  change: { slug: string; productId: number; price: number; announce?: boolean },
): Promise<PriceUpdate | 'unknown-store' | 'unknown-product'> {
  const { slug, productId, price, announce = true } = change;
  const lockStore = announce ? LOCK_STORE : LOCK_STORE_SILENTLY;
  return db.write(async (session) => {
    const [store] = await session.query<{ id: number }>(lockStore, [slug]);
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

/**
 * Tells the invalidator that the outbox has something new, in a transaction of its own: transactions that notify commit one
 * after the other, and one that has written holds the others up for as long as its WAL takes to reach the disk. Should it
 * fail, the invalidator's next poll finds the change all the same.
 */
export async function wakeInvalidator(db: Database): Promise<void> {
  await db.readOne(WAKE_INVALIDATOR, []).catch(() => {});
}

/** Whether a store with this slug exists: one round trip. */
export async function storeExists(
  db: Database,
  slug: string,
  signal?: AbortSignal,
): Promise<boolean> {
  return (await db.readOne(FIND_STORE, [slug], signal)).length > 0;
}
