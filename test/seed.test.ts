import { once } from 'node:events';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { datasetDigest } from '../seed/dataset.ts';
import { seedDatabase } from '../seed/load.ts';
import type { SeedResult } from '../seed/load.ts';
import { resetRestaurant, tableDigest } from '../seed/reset.ts';
import { freshDatabase } from './stack.ts';

const STORES = 1_000;
let database: { url: string; drop: () => Promise<void> };
let client: Client;
let loaded: SeedResult;

async function connect(url = database.url): Promise<Client> {
  const connected = new Client({ connectionString: url });
  // `drop` ends every session.
  connected.on('error', () => {});
  await connected.connect();
  return connected;
}

async function value(sql: string, from = client): Promise<unknown> {
  const { rows } = await from.query<unknown[]>({ text: sql, rowMode: 'array' });
  return rows[0]?.[0];
}

const menuVersion = (): Promise<unknown> =>
  value("SELECT menu_version FROM cachelab.stores WHERE slug = 'lao-zhang'");
const productVersion = (id: number): Promise<unknown> =>
  value(`SELECT version FROM cachelab.products WHERE id = ${id}`);

/** Resolves when the session that runs this statement waits for a lock. */
async function lockWait(statement: string): Promise<void> {
  // A session of its own: inside a transaction pg_stat_activity never changes.
  const observer = await connect();
  const sql = `SELECT count(*)::int FROM pg_stat_activity
    WHERE query = '${statement}' AND wait_event_type = 'Lock'`;
  while ((await value(sql, observer)) !== 1);
  await observer.end();
}

const INSERT_DISH = `INSERT INTO cachelab.products (store_id, category_id, name, description, price, position)
  VALUES (1, 1, '新菜 New dish', 'Of the day.', 33, 99) RETURNING version`;

beforeAll(async () => {
  database = await freshDatabase('seed');
  loaded = await seedDatabase({ url: database.url, seed: 1, stores: STORES });
  client = await connect();
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

describe('the loader', () => {
  test('loads 1,001 stores by COPY in under 20 s, on a busy machine too', () => {
    console.log(`loaded ${loaded.products} products in ${loaded.seconds.toFixed(2)} s`);
    expect(loaded.stores).toBe(STORES + 1);
    expect(loaded.seconds).toBeLessThan(20);
  });

  test('reports the digest and the counts of what Postgres holds', async () => {
    expect(loaded.digest).toBe(datasetDigest(1, STORES));
    expect(await value('SELECT count(*)::int FROM cachelab.stores')).toBe(loaded.stores);
    expect(await value('SELECT count(*)::int FROM cachelab.products')).toBe(loaded.products);
  });

  test('gives the restaurant 37 categories and 240 dishes, one of them at 150 yuan', async () => {
    const count = 'SELECT count(*)::int FROM cachelab.';
    expect(await value(`${count}categories WHERE store_id = 1`)).toBe(37);
    expect(await value(`${count}products WHERE store_id = 1`)).toBe(240);
    expect(await value(`${count}products WHERE store_id = 1 AND price = 150`)).toBe(1);
  });

  test('leaves rows outside its own schema alone', async () => {
    const other = await freshDatabase('seed_other');
    try {
      const tenant = await connect(other.url);
      await tenant.query('CREATE TABLE public.products AS SELECT 1 AS id');
      await seedDatabase({ url: other.url, seed: 1, stores: 2 });
      await seedDatabase({ url: other.url, seed: 1, stores: 3 });
      expect(await value('SELECT count(*)::int FROM public.products', tenant)).toBe(1);
      expect(await value('SELECT count(*)::int FROM cachelab.stores', tenant)).toBe(4);
      await tenant.end();
    } finally {
      await other.drop();
    }
  });

  test('refuses a schema of its name that somebody else made', async () => {
    const other = await freshDatabase('seed_foreign');
    try {
      const tenant = await connect(other.url);
      await tenant.query('CREATE SCHEMA cachelab; CREATE TABLE cachelab.stores AS SELECT 7 AS id');
      const attempt = seedDatabase({ url: other.url, seed: 1, stores: 2 });
      await expect(attempt).rejects.toThrow('did not make');
      expect(await value('SELECT id FROM cachelab.stores', tenant)).toBe(7);
      await tenant.end();
    } finally {
      await other.drop();
    }
  });
});

describe('the triggers', () => {
  beforeEach(async () => {
    // A test that failed may have left its transaction open.
    await client.query('ROLLBACK');
    await resetRestaurant(database.url);
  });

  test('an update raises the menu version by 1 and the dish carries it, not its neighbour', async () => {
    await client.query('UPDATE cachelab.products SET price = 120 WHERE id = 1');
    expect(await menuVersion()).toBe(2);
    expect(await productVersion(1)).toBe(2);
    expect(await productVersion(2)).toBe(1);
  });

  test('an insert and a delete each raise the menu version by 1', async () => {
    expect(await value(INSERT_DISH)).toBe(2);
    await client.query('DELETE FROM cachelab.products WHERE id = 5');
    expect(await menuVersion()).toBe(3);
  });

  test('a change that is rolled back leaves the version as it was', async () => {
    await client.query('BEGIN');
    await client.query('UPDATE cachelab.products SET price = 1 WHERE id = 1');
    await client.query('ROLLBACK');
    expect(await menuVersion()).toBe(1);
    await client.query('UPDATE cachelab.products SET price = 1 WHERE id = 1');
    expect(await menuVersion()).toBe(2);
  });

  test('two dishes changed in one transaction get two versions, the last of them the menu’s', async () => {
    await client.query('BEGIN');
    await client.query('UPDATE cachelab.products SET price = 1 WHERE id = 3');
    await client.query('UPDATE cachelab.products SET price = 1 WHERE id = 2');
    await client.query('COMMIT');
    expect([await productVersion(3), await productVersion(2)]).toEqual([2, 3]);
    expect(await menuVersion()).toBe(3);
  });

  test('a dish moved to another store raises both menus', async () => {
    const before = await value('SELECT menu_version FROM cachelab.stores WHERE id = 2');
    const category = await value('SELECT id FROM cachelab.categories WHERE store_id = 2 LIMIT 1');
    await client.query(
      'UPDATE cachelab.products SET store_id = 2, category_id = $1 WHERE id = 240',
      [category],
    );
    expect(await menuVersion()).toBe(2);
    expect(await value('SELECT menu_version FROM cachelab.stores WHERE id = 2')).toBe(
      Number(before) + 1,
    );
  });

  test('a second writer of the same menu waits for the first, so versions follow commits', async () => {
    const second = await connect();
    await client.query('BEGIN');
    await client.query('UPDATE cachelab.products SET price = 1 WHERE id = 1');
    const waiting = second.query('UPDATE cachelab.products SET price = 1 WHERE id = 2');
    await lockWait('UPDATE cachelab.products SET price = 1 WHERE id = 2');
    await client.query('COMMIT');
    await waiting;
    expect([await productVersion(1), await productVersion(2)]).toEqual([2, 3]);
    await second.end();
  });

  test('a commit notifies product_changes with the store’s id, a rollback does not', async () => {
    const listener = await connect();
    await listener.query('LISTEN product_changes');
    const messages: string[] = [];
    const heard = new Promise<void>((resolve) => {
      listener.on('notification', ({ payload = '' }) => {
        messages.push(payload);
        if (payload === 'end') resolve();
      });
    });
    await client.query('BEGIN');
    await client.query('UPDATE cachelab.products SET price = 1 WHERE id = 1');
    await client.query('ROLLBACK');
    await client.query('UPDATE cachelab.products SET price = 2 WHERE id IN (1, 2)');
    await client.query(INSERT_DISH);
    await client.query('DELETE FROM cachelab.products WHERE id = 4');
    await client.query("NOTIFY product_changes, 'end'");
    await heard;
    // Two rows of one transaction are folded into one message.
    expect(messages).toEqual(['1', '1', '1', 'end']);
    await listener.end();
  });
});

describe('the reset', () => {
  test('brings back every row after updates, inserts and deletes, and notifies nobody', async () => {
    await resetRestaurant(database.url);
    const before = await tableDigest(database.url);
    await client.query('UPDATE cachelab.products SET price = price + 1 WHERE store_id = 1');
    await client.query(INSERT_DISH);
    await client.query('DELETE FROM cachelab.products WHERE id = 7');
    expect(await tableDigest(database.url)).not.toBe(before);
    const listener = await connect();
    await listener.query('LISTEN product_changes');
    const notification = once(listener, 'notification');

    await resetRestaurant(database.url);

    expect(await tableDigest(database.url)).toBe(before);
    await client.query("NOTIFY product_changes, 'end'");
    expect(await notification).toMatchObject([{ payload: 'end' }]);
    await client.query('UPDATE cachelab.products SET price = 120 WHERE id = 1');
    expect(await menuVersion()).toBe(2);
    await listener.end();
  });

  test('the digest tells a price, a version and a promotion apart', async () => {
    await resetRestaurant(database.url);
    const seen = new Set([await tableDigest(database.url)]);
    await client.query('UPDATE cachelab.stores SET menu_version = 9 WHERE id = 1');
    seen.add(await tableDigest(database.url));
    await client.query('UPDATE cachelab.products SET price = 1 WHERE id = 1');
    seen.add(await tableDigest(database.url));
    await client.query('DELETE FROM cachelab.promotions WHERE id = 1');
    seen.add(await tableDigest(database.url));
    expect(seen.size).toBe(4);
  });
});
