import { Client } from 'pg';
import { expect, test } from 'vitest';
import { buildDataset } from '../seed/dataset.ts';
import { seedDatabase } from '../seed/load.ts';
import { resetStores } from '../seed/reset-stores.ts';
import { freshDatabase } from './stack.ts';

test('the reset of 20 stores brings back changed, moved and deleted dishes and ends added stores', async () => {
  const database = await freshDatabase('reset_stores');
  await seedDatabase({ url: database.url, seed: 1, stores: 20 });
  const client = new Client({ connectionString: database.url });
  client.on('error', () => {});
  await client.connect();
  const digest = async (): Promise<unknown> => {
    const { rows } = await client.query(`SELECT
      (SELECT md5(string_agg(p::text, '' ORDER BY id)) FROM cachelab.products p) AS products,
      (SELECT md5(string_agg(s::text, '' ORDER BY id)) FROM cachelab.stores s) AS stores`);
    return rows[0];
  };
  await client.query("SET timezone = 'UTC'");
  const before = await digest();
  const ofStore = async (id: number): Promise<number[]> => {
    const { rows } = await client.query<{ id: number }>(
      'SELECT id FROM cachelab.products WHERE store_id = $1 ORDER BY id',
      [id],
    );
    return rows.map((row) => row.id);
  };
  const [first, second, third] = await ofStore(5);
  await client.query('UPDATE cachelab.products SET price = 1 WHERE id = $1', [first]);
  await client.query('DELETE FROM cachelab.products WHERE id = $1', [second]);
  await client.query(
    'UPDATE cachelab.products SET store_id = 6, category_id = (SELECT min(id) FROM cachelab.categories WHERE store_id = 6) WHERE id = $1',
    [third],
  );
  await client.query(
    "INSERT INTO cachelab.stores (slug, name, city) VALUES ('new-store', 'New', 'Here')",
  );
  expect(await digest()).not.toEqual(before);

  await resetStores(database.url, buildDataset(1, 20));

  expect(await digest()).toEqual(before);
  await database.drop();
});
