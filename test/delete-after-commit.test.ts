import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { expect, test, vi } from 'vitest';
import { openStore } from './store.ts';

test('while a COMMIT is under way the copy stays, and goes after it: no reader loads old rows into an empty cache', async () => {
  const store = await openStore({ stores: 0 });
  await store.setPolicy('invalidated');
  const page = '/stores/lao-zhang/catalog';
  await store.get(page);
  const client = new Client({ connectionString: store.postgresUrl });
  client.on('error', () => {});
  await client.connect();
  // A deferred trigger runs inside COMMIT; it waits there for as long as the test holds this lock.
  await client.query(`
    CREATE FUNCTION cachelab.wait_in_commit() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER wait_in_commit AFTER UPDATE ON cachelab.products
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION cachelab.wait_in_commit();
    SELECT pg_advisory_lock(4711)`);
  const update = store.post('/stores/lao-zhang/products/1/update-price', { price: 120 });
  await vi.waitUntil(
    async () => {
      const { rows } = await client.query(
        "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'advisory' AND query = 'COMMIT'",
      );
      return rows.length === 1;
    },
    { timeout: 5000 },
  );
  await sleep(20); // for a DEL that came too early to arrive
  expect((await store.get(page)).headers.get('x-cache-outcome')).toBe('hit');

  await client.query('SELECT pg_advisory_unlock(4711)');

  expect(await (await update).json()).toMatchObject({ cache_invalidated: true, menu_version: 2 });
  const after = await store.get(page);
  expect(after.headers.get('x-cache-outcome')).toBe('miss');
  expect(after.headers.get('x-menu-version')).toBe('2');
  await client.end();
  await store.close();
});
