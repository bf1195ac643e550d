import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { seedDatabase } from '../seed/load.ts';
import { resetRestaurant } from '../seed/reset.ts';
import { loadJoined } from '../server/catalog/joined.ts';
import { loadNaive } from '../server/catalog/naive.ts';
import { parsePage } from '../server/catalog/page.ts';
import type { Catalog } from '../server/catalog/page.ts';
import type { PageLoad } from '../server/catalog/types.ts';
import { storeExists, updatePrice } from '../server/catalog/update-price.ts';
import { createDatabase } from '../server/database/database.ts';
import type { Database } from '../server/database/database.ts';
import { seededRandom } from '../server/database/random.ts';
import { freshDatabase, testStack } from './stack.ts';

const STORES = 200;
let database: { url: string; drop: () => Promise<void> };
let db: Database;
let client: Client;

beforeAll(async () => {
  database = await freshDatabase('catalog');
  await seedDatabase({ url: database.url, seed: 7, stores: STORES });
  db = createDatabase({
    url: database.url,
    poolSize: 4,
    maxWaitMs: null,
    latency: null,
    seed: 1,
    statementTimeoutMs: 10_000,
  });
  client = new Client({ connectionString: database.url });
  client.on('error', () => {});
  await client.connect();
});

beforeEach(() => resetRestaurant(database.url));

afterAll(async () => {
  await db.close();
  await client.end();
  await database.drop();
});

function parse(page: PageLoad | null): Catalog {
  if (page === null) throw new Error('no such store');
  return parsePage(page.body);
}

async function readPage(): Promise<Catalog> {
  return parse(await loadNaive(db, 'lao-zhang'));
}

/** Changes a price; 240 numbers in a row change 240 different dishes. */
async function changeDish(number: number): Promise<void> {
  const productId = 1 + ((number * 97) % 240);
  await updatePrice(db, { slug: 'lao-zhang', productId, price: number });
}

/** Calls of page SELECTs so far, by statement, as Postgres counted them in this database. */
async function selectCalls(): Promise<Map<string, number>> {
  const { rows } = await client.query<{ query: string; calls: number }>(
    `SELECT query, sum(calls)::int AS calls FROM pg_stat_statements s
     JOIN pg_database d ON d.oid = s.dbid
     WHERE d.datname = current_database() AND query LIKE 'SELECT /* page */%' GROUP BY query`,
  );
  return new Map(rows.map(({ query, calls }) => [query, calls]));
}

/** Calls per statement that `work` made, in falling order. */
async function callsDuring(work: () => Promise<unknown>): Promise<number[]> {
  const before = await selectCalls();
  await work();
  const after = await selectCalls();
  const added = [...after].map(([query, calls]) => calls - (before.get(query) ?? 0));
  return added.filter((calls) => calls > 0).sort((a, b) => b - a);
}

describe('the count of SELECTs, by pg_stat_statements', () => {
  test('a naive page runs 114 SELECTs of 6 shapes, and its log says the same', async (context) => {
    if (!(await testStack()).pgStatStatements) context.skip('no pg_stat_statements here');
    let page: PageLoad | null = null;
    const calls = await callsDuring(async () => {
      page = await loadNaive(db, 'lao-zhang');
    });
    expect(calls).toEqual([37, 37, 37, 1, 1, 1]);
    const log = (page as PageLoad | null)?.queries ?? [];
    expect(log).toHaveLength(114);
    expect(new Set(log.map(({ shape }) => shape)).size).toBe(6);
  });

  test('a joined page runs 1 SELECT', async (context) => {
    if (!(await testStack()).pgStatStatements) context.skip('no pg_stat_statements here');
    expect(await callsDuring(() => loadJoined(db, 'lao-zhang'))).toEqual([1]);
  });

  test('price updates and look-ups are not counted as page SELECTs', async (context) => {
    if (!(await testStack()).pgStatStatements) context.skip('no pg_stat_statements here');
    const calls = await callsDuring(async () => {
      await updatePrice(db, { slug: 'lao-zhang', productId: 1, price: 9 });
      await storeExists(db, 'lao-zhang');
    });
    expect(calls).toEqual([]);
  });
});

describe('the page', () => {
  test('shows the rows that each of the six kinds of query found', async () => {
    const page = await loadNaive(db, 'lao-zhang');
    const { store, theme, categories } = parse(page);
    const rowsIn = (table: string): number =>
      (page?.queries ?? [])
        .filter((query) => query.table === table)
        .reduce((sum, { rows }) => sum + rows, 0);
    expect(store).toEqual({
      id: 1,
      slug: 'lao-zhang',
      name: '老张餐馆 Lao Zhang',
      city: '成都 Chengdu',
    });
    expect(theme?.currency).toBe('CNY');
    expect([rowsIn('stores'), rowsIn('themes')]).toEqual([1, 1]);
    expect([rowsIn('categories'), categories.length]).toEqual([37, 37]);
    const products = categories.flatMap((category) => category.products);
    expect([rowsIn('products'), products.length]).toEqual([240, 240]);
    const options = categories.flatMap((category) => category.optionGroups);
    expect([rowsIn('option_groups'), options.length]).toEqual([45, 45]);
    const promotions = categories.flatMap((category) => category.promotions);
    expect([rowsIn('promotions'), promotions.length]).toEqual([31, 31]);
    const { description, ...first } = products[0] ?? { description: '' };
    expect(description).toContain('camphor');
    const name = '樟茶鸭 Tea-smoked duck';
    expect(first).toEqual({ id: 1, name, price: 150, version: 1, position: 1 });
  });

  test('naive and joined give the same bytes for the restaurant and 50 random stores', async () => {
    const seed = Math.floor(Math.random() * 1e9);
    const random = seededRandom(seed);
    const slugs = Array.from({ length: 50 }, () => {
      const number = 1 + Math.floor(random() * STORES);
      return `store-${String(number).padStart(5, '0')}`;
    });
    for (const slug of ['lao-zhang', ...slugs]) {
      const naive = await loadNaive(db, slug);
      const joined = await loadJoined(db, slug);
      expect(joined?.body.toString(), `${slug}, picked by seed ${seed}`).toBe(
        naive?.body.toString(),
      );
    }
  });

  test('naive and joined agree on a store without theme, categories or dishes', async () => {
    await client.query("INSERT INTO cachelab.stores (slug, name, city) VALUES ('new', 'N', 'C')");
    const naive = await loadNaive(db, 'new');
    expect(parse(naive)).toMatchObject({ theme: null, menuVersion: 1, categories: [] });
    expect(naive?.queries).toHaveLength(3);
    expect((await loadJoined(db, 'new'))?.body.equals(naive?.body ?? Buffer.of())).toBe(true);
  });

  test('naive and joined put rows in order of position where ids say otherwise', async () => {
    await client.query(`INSERT INTO cachelab.stores (slug, name, city) VALUES ('mixed', 'M', 'C');
      INSERT INTO cachelab.categories (store_id, name, position)
        SELECT max(id), 'c' || n, 9 - n FROM cachelab.stores, generate_series(1, 3) n GROUP BY n;
      INSERT INTO cachelab.promotions (store_id, category_id, title, percent_off, position)
        SELECT store_id, c.id, 't' || n, n, 9 - n FROM cachelab.categories c
        JOIN cachelab.stores s ON s.id = store_id, generate_series(1, 3) n WHERE slug = 'mixed'`);
    const naive = await loadNaive(db, 'mixed');
    const { categories } = parse(naive);
    expect(categories.map(({ name }) => name)).toEqual(['c3', 'c2', 'c1']);
    expect(categories[0]?.promotions.map(({ title }) => title)).toEqual(['t3', 't2', 't1']);
    expect((await loadJoined(db, 'mixed'))?.body.equals(naive?.body ?? Buffer.of())).toBe(true);
  });

  test('an unknown slug gives null from both and leaves no connection behind', async () => {
    expect(await loadNaive(db, 'nobody')).toBeNull();
    expect(await loadJoined(db, "' OR 1=1 --")).toBeNull();
    expect(await storeExists(db, 'nobody')).toBe(false);
    expect(await storeExists(db, 'lao-zhang')).toBe(true);
    const { idle, total } = db.counters();
    expect(idle).toBe(total);
  });

  test('50 pages read during 50 price updates are never torn', async () => {
    let changed = 0;
    for (let index = 0; index < 50; index += 2) {
      const [first, second] = await Promise.all([
        readPage(),
        readPage(),
        changeDish(index),
        changeDish(index + 1),
      ]);
      for (const { menuVersion, categories } of [first, second]) {
        const versions = categories.flatMap(({ products }) => products.map((dish) => dish.version));
        // Each update changed another dish: a whole page holds every version up to its own.
        const expected = Array.from({ length: menuVersion - 1 }, (_, i) => i + 2);
        expect(versions.filter((version) => version > 1).sort((a, b) => a - b)).toEqual(expected);
        if (menuVersion > 1) changed += 1;
      }
    }
    expect(changed).toBeGreaterThan(0);
  });
});

describe('a price update', () => {
  test('answers the version that the next page shows, and both prices', async () => {
    const first = await updatePrice(db, { slug: 'lao-zhang', productId: 1, price: 120 });
    expect(first).toEqual({ menuVersion: 2, productId: 1, previousPrice: 150, price: 120 });
    for (const load of [loadNaive, loadJoined]) {
      const loaded = await load(db, 'lao-zhang');
      expect(loaded?.menuVersion).toBe(2); // what the header says
      const page = parse(loaded);
      expect(page.menuVersion).toBe(2);
      expect(page.categories[0]?.products[0]).toMatchObject({ id: 1, price: 120, version: 2 });
    }
  });

  test('keeps the cents: 59.90 stays 59.9', async () => {
    await updatePrice(db, { slug: 'lao-zhang', productId: 2, price: 59.9 });
    const page = parse(await loadNaive(db, 'lao-zhang'));
    expect(page.categories[0]?.products[1]?.price).toBe(59.9);
  });

  test('names what it does not know, another store’s dish included, and raises no version', async () => {
    const unknown = await updatePrice(db, { slug: 'nobody', productId: 1, price: 1 });
    expect(unknown).toBe('unknown-store');
    for (const productId of [99_999_999, 241]) {
      const answer = await updatePrice(db, { slug: 'lao-zhang', productId, price: 1 });
      expect(answer).toBe('unknown-product');
    }
    expect((await loadJoined(db, 'lao-zhang'))?.menuVersion).toBe(1);
  });

  test('20 at once on 3 dishes get 20 versions in a row, each with the price it replaced', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        updatePrice(db, { slug: 'lao-zhang', productId: 1 + (index % 3), price: 500 + index }),
      ),
    );
    const updates = answers
      .filter((answer) => typeof answer !== 'string')
      .sort((a, b) => a.menuVersion - b.menuVersion);
    expect(updates.map(({ menuVersion }) => menuVersion)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 2),
    );
    const prices = new Map([
      [1, 150],
      [2, 48],
      [3, 42],
    ]);
    for (const { productId, previousPrice, price } of updates) {
      expect(previousPrice).toBe(prices.get(productId));
      prices.set(productId, price);
    }
  });
});
