import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { seedDatabase } from '../seed/load.ts';
import { resetRestaurant } from '../seed/reset.ts';
import { readFresh, readProgress, saveProgress, trim } from '../server/invalidator/outbox-table.ts';
import { freshDatabase } from './stack.ts';
import { openStore } from './store.ts';

let database: Awaited<ReturnType<typeof freshDatabase>>;
let client: Client;
/** The invalidator's connection. */
let reader: Client;
let seen: string;

beforeAll(async () => {
  database = await freshDatabase('outbox');
  await seedDatabase({ url: database.url, seed: 1, stores: 4 });
  client = await connect();
  reader = await connect();
});
afterAll(async () => {
  await Promise.all([client.end(), reader.end()]);
  await database.drop();
});
beforeEach(async () => {
  await client.query('ROLLBACK; DELETE FROM cachelab.product_changes');
  seen = await present();
});

async function connect(): Promise<Client> {
  const connected = new Client({ connectionString: database.url });
  await connected.connect();
  return connected;
}

async function value(sql: string): Promise<unknown> {
  const { rows } = await client.query<unknown[]>({ text: sql, rowMode: 'array' });
  return rows[0]?.[0];
}

async function present(): Promise<string> {
  const { rows } = await reader.query<{ now: string }>('SELECT pg_current_snapshot()::text AS now');
  return rows[0]!.now;
}

/** Slugs that are new since the last look, in order, and how many rows told them. */
async function look(): Promise<{ slugs: string[]; rows: number; all: boolean }> {
  const { snapshot, changes, rows, all } = await readFresh(reader, seen);
  seen = snapshot;
  return { slugs: changes.map((change) => change.slug).toSorted(), rows, all };
}

const LAO_ZHANG = 'lao-zhang';
const STORE_2 = 'store-00001';
const STORE_3 = 'store-00002';

describe('a change of dishes is one row per store and transaction', () => {
  test('an insert, an update and a delete each write one, with the store’s new version', async () => {
    await client.query(`INSERT INTO cachelab.products (store_id, category_id, name, description, price, position)
      VALUES (1, 1, 'New dish', 'Of the day.', 33, 99)`);
    await client.query('UPDATE cachelab.products SET price = 120 WHERE id = 1');
    await client.query("DELETE FROM cachelab.products WHERE name = 'New dish'");
    const { rows } = await client.query(
      'SELECT slug, menu_version FROM cachelab.product_changes ORDER BY id',
    );
    const version = await value('SELECT menu_version FROM cachelab.stores WHERE id = 1');
    expect(rows.map((row) => Number(version) - Number(row.menu_version))).toEqual([2, 1, 0]);
    expect(await look()).toEqual({ slugs: [LAO_ZHANG], rows: 3, all: false });
    expect(await look()).toEqual({ slugs: [], rows: 0, all: false });
  });

  test('a dish that moves to another store tells of both', async () => {
    await client.query('BEGIN');
    const category = await value('SELECT id FROM cachelab.categories WHERE store_id = 2 LIMIT 1');
    await client.query('UPDATE cachelab.products SET store_id = 2, category_id = $1 WHERE id = 9', [
      category,
    ]);
    await client.query('COMMIT');
    expect((await look()).slugs).toEqual([LAO_ZHANG, STORE_2]);
  });

  test('a transaction that changes 3 stores in 5 statements writes 3 rows with their last versions', async () => {
    await client.query(`BEGIN;
      UPDATE cachelab.products SET price = 1 WHERE id = 1;
      UPDATE cachelab.products SET price = 2 WHERE id = 2;
      UPDATE cachelab.products SET price = 3 WHERE store_id = 2;
      UPDATE cachelab.products SET price = 4 WHERE store_id IN (1, 3) AND position = 1;
      UPDATE cachelab.products SET price = 5 WHERE id = 3;
      COMMIT`);
    expect(await look()).toEqual({ slugs: [LAO_ZHANG, STORE_2, STORE_3], rows: 3, all: false });
    expect(
      await value(`SELECT count(*)::int FROM cachelab.product_changes AS change
        JOIN cachelab.stores AS store ON store.id = store_id AND store.menu_version = change.menu_version`),
    ).toBe(3);
  });

  test('a bulk update of 10,000 dishes of one store writes one row', async () => {
    await client.query(`BEGIN; SET LOCAL cachelab.silent = 'on';
      INSERT INTO cachelab.products (store_id, category_id, name, description, price, position)
      SELECT 1, 1, 'bulk', '', 10, 1000 FROM generate_series(1, 10000);
      COMMIT`);
    expect((await look()).rows).toBe(0);
    const { rowCount } = await client.query(
      "UPDATE cachelab.products SET price = 11 WHERE name = 'bulk'",
    );
    expect(rowCount).toBe(10_000);
    expect(await look()).toEqual({ slugs: [LAO_ZHANG], rows: 1, all: false });
    await client.query(`BEGIN; SET LOCAL cachelab.silent = 'on';
      DELETE FROM cachelab.products WHERE name = 'bulk'; COMMIT`);
  });

  test('a rollback, whole or to a savepoint, leaves none; an update of no dish neither', async () => {
    await client.query('BEGIN; UPDATE cachelab.products SET price = 1 WHERE id = 1; ROLLBACK');
    await client.query('UPDATE cachelab.products SET price = 1 WHERE id = -1');
    await client.query(`BEGIN; SAVEPOINT before;
      UPDATE cachelab.products SET price = 1 WHERE store_id = 2;
      ROLLBACK TO before; UPDATE cachelab.products SET price = 1 WHERE store_id = 3; COMMIT`);
    expect(await look()).toEqual({ slugs: [STORE_3], rows: 1, all: false });
  });

  test('a store that is deleted is told of by its slug', async () => {
    await client.query('BEGIN; DELETE FROM cachelab.stores WHERE id = 5; COMMIT');
    expect((await look()).slugs).toEqual(['store-00004']);
  });

  test('TRUNCATE raises every version and tells of all stores with one row', async () => {
    await client.query('BEGIN');
    const before = await value('SELECT sum(menu_version)::int FROM cachelab.stores');
    await client.query('TRUNCATE cachelab.products');
    expect(await value('SELECT sum(menu_version)::int FROM cachelab.stores')).toBe(
      Number(before) + 4,
    );
    expect(
      await value('SELECT count(*)::int FROM cachelab.product_changes WHERE store_id IS NULL'),
    ).toBe(1);
    await client.query('ROLLBACK');
  });

  test('the reset between two trials writes nothing and empties the table', async () => {
    await client.query('UPDATE cachelab.products SET price = 1 WHERE id = 1');
    await resetRestaurant(database.url);
    expect(await look()).toEqual({ slugs: [], rows: 0, all: false });
  });

  test('with cachelab.notify off a change writes its row and notifies nobody', async () => {
    const heard: string[] = [];
    const listen = ({ payload = '' }): unknown => heard.push(payload);
    client.on('notification', listen);
    await client.query('LISTEN product_changes');
    await client.query(`BEGIN; SET LOCAL cachelab.notify = 'off';
      UPDATE cachelab.products SET price = 2 WHERE id = 1; COMMIT`);
    await client.query("NOTIFY product_changes, 'end'");
    await client.query('UNLISTEN product_changes');
    client.off('notification', listen);
    expect(heard).toEqual(['end']);
    expect((await look()).slugs).toEqual([LAO_ZHANG]);
  });
});

describe('reading the outbox', () => {
  test('a transaction that began first and commits last is read; by `id > last` it never would be', async () => {
    const slow = await connect();
    await slow.query('BEGIN; UPDATE cachelab.products SET price = 3 WHERE store_id = 2');
    await client.query('UPDATE cachelab.products SET price = 3 WHERE id = 1');
    expect((await look()).slugs).toEqual([LAO_ZHANG]);
    const last = await value('SELECT max(id) FROM cachelab.product_changes');
    await slow.query('COMMIT');
    await slow.end();
    const naive = `SELECT count(*)::int FROM cachelab.product_changes WHERE id > ${String(last)}`;
    expect(await value(naive)).toBe(0);
    expect((await look()).slugs).toEqual([STORE_2]);
  });

  test('rows are read once, also while an older transaction stays open', async () => {
    const slow = await connect();
    await slow.query('BEGIN; UPDATE cachelab.products SET price = 4 WHERE store_id = 2');
    await client.query('UPDATE cachelab.products SET price = 4 WHERE id = 1');
    expect((await look()).rows).toBe(1);
    expect((await look()).rows).toBe(0);
    await client.query('UPDATE cachelab.products SET price = 5 WHERE id = 1');
    expect((await look()).rows).toBe(1);
    await slow.query('ROLLBACK');
    await slow.end();
    expect((await look()).rows).toBe(0);
  });

  test('progress is found again; unknown, or older than the rows that are kept, it begins anew', async () => {
    const unknown = await readProgress(client, 'p:', 600);
    expect(unknown.redisIdentity).toBe('');
    await saveProgress(client, 'p:', { snapshot: '5:9:6,7', redisIdentity: 'one' });
    expect(await readProgress(client, 'p:', 600)).toEqual({
      snapshot: '5:9:6,7',
      redisIdentity: 'one',
    });
    expect((await readProgress(client, 'q:', 600)).redisIdentity).toBe('');
    const known = { snapshot: '8:9:', redisIdentity: 'one' };
    expect(await readProgress(client, 'p:', 600, known)).toEqual(known);
    await client.query("UPDATE cachelab.invalidators SET saved_at = now() - interval '601 s'");
    expect((await readProgress(client, 'p:', 600)).redisIdentity).toBe('');
  });

  test('progress of a later time than the database’s own is that of another history', async () => {
    await saveProgress(client, 'r:', { snapshot: '4000000000:4000000000:', redisIdentity: 'one' });
    const later = { snapshot: '4000000001:4000000001:', redisIdentity: 'one' };
    expect((await readProgress(client, 'p:', 600, later)).redisIdentity).toBe('');
    const found = await readProgress(client, 'r:', 600);
    expect(found.redisIdentity).toBe('');
    expect(found.snapshot).not.toContain('4000000000');
  });

  test('trimming takes what is old and read by all, and leaves the rest', async () => {
    await client.query('DELETE FROM cachelab.invalidators');
    await client.query('UPDATE cachelab.products SET price = 6 WHERE id = 1');
    await client.query("UPDATE cachelab.product_changes SET changed_at = now() - interval '1 h'");
    await saveProgress(client, 'behind:', { snapshot: seen, redisIdentity: '' });
    expect(await trim(client, 600)).toBe(0);
    await saveProgress(client, 'behind:', { snapshot: await present(), redisIdentity: '' });
    await client.query('UPDATE cachelab.products SET price = 7 WHERE id = 1');
    expect(await trim(client, 600)).toBe(1);
    expect(await value('SELECT count(*)::int FROM cachelab.product_changes')).toBe(1);
  });
});

test('a price change wakes the invalidator after its COMMIT and notifies nobody else; other policies do the reverse', async () => {
  const store = await openStore();
  const listener = new Client({ connectionString: store.postgresUrl });
  listener.on('error', () => {});
  await listener.connect();
  const heard: string[] = [];
  listener.on('notification', ({ channel }) => heard.push(channel));
  await listener.query('LISTEN outbox_wakeup; LISTEN product_changes');
  try {
    for (const policy of ['outbox', 'invalidated']) {
      await store.setPolicy(policy);
      const answer = await store.post('/stores/lao-zhang/products/1/update-price', { price: 99 });
      expect(answer.status).toBe(200);
      await vi.waitUntil(() => heard.length > (policy === 'outbox' ? 0 : 1), { timeout: 5000 });
    }
    expect(heard).toEqual(['outbox_wakeup', 'product_changes']);
  } finally {
    await listener.end();
    await store.close();
  }
});
