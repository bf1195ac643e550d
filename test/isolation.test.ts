import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { seedDatabase } from '../seed/load.ts';
import { loadNaive } from '../server/catalog/naive.ts';
import { parsePage } from '../server/catalog/page.ts';
import type { Catalog } from '../server/catalog/page.ts';
import { createDatabase } from '../server/database/database.ts';
import type { Database, Session } from '../server/database/database.ts';
import { freshDatabase } from './stack.ts';

let database: { url: string; drop: () => Promise<void> };
let db: Database;
let client: Client;

beforeAll(async () => {
  database = await freshDatabase('isolation');
  await seedDatabase({ url: database.url, seed: 7, stores: 1 });
  db = createDatabase({
    url: database.url,
    poolSize: 2,
    maxWaitMs: null,
    latency: null,
    seed: 1,
    statementTimeoutMs: 10_000,
  });
  client = new Client({ connectionString: database.url });
  client.on('error', () => {});
  await client.connect();
});

afterAll(async () => {
  await db.close();
  await client.end();
  await database.drop();
});

/** A page during whose load, after its first `statements` statements, `edit` is committed elsewhere. */
async function loadAcross(
  isolation: 'repeatable-read' | 'read-committed',
  statements: number,
  edit: () => Promise<void>,
): Promise<Catalog> {
  const interrupted = (session: Session): Session => {
    let asked = 0;
    return {
      async query(statement, values) {
        if (asked === statements) await edit();
        asked += 1;
        return session.query(statement, values);
      },
    };
  };
  const between: Database = {
    ...db,
    readSnapshot: (work, signal) =>
      db.readSnapshot((session) => work(interrupted(session)), signal),
    readCommitted: (work, signal) =>
      db.readCommitted((session) => work(interrupted(session)), signal),
  };
  const page = await loadNaive(between, 'lao-zhang', undefined, isolation);
  if (page === null) throw new Error('no such store');
  return parsePage(page.body);
}

/** One transaction that sets the first dish of the first and of the last category to one price. */
async function raiseBoth(catalog: Catalog, price: number): Promise<void> {
  const firstAndLast = [catalog.categories.at(0), catalog.categories.at(-1)];
  const ids = firstAndLast.map((category) => category?.products[0]?.id);
  await client.query('UPDATE cachelab.products SET price = $1 WHERE id = ANY ($2)', [price, ids]);
}

function ends({ categories }: Catalog): (number | undefined)[] {
  return [categories.at(0)?.products[0]?.price, categories.at(-1)?.products[0]?.price];
}

/** The proof that needs no knowledge of the edits: a dish newer than the page that shows it. */
function newerThanItsPage({ menuVersion, categories }: Catalog): boolean {
  return categories.some(({ products }) => products.some(({ version }) => version > menuVersion));
}

describe('two dishes change in one transaction after the first category was read', () => {
  // Store, theme, categories, and the three statements of the first category.
  const AFTER_FIRST_CATEGORY = 6;

  test('read committed: the page shows one old and one new price, which nobody ever set', async () => {
    await raiseBoth(await loadAcross('read-committed', 0, () => Promise.resolve()), 11);
    const before = await loadAcross('read-committed', 0, () => Promise.resolve());
    const torn = await loadAcross('read-committed', AFTER_FIRST_CATEGORY, () =>
      raiseBoth(before, 22),
    );
    expect(ends(torn)).toEqual([11, 22]);
    expect(newerThanItsPage(torn)).toBe(true);
  });

  test('repeatable read: the page shows both old prices, and the next one both new', async () => {
    const before = await loadAcross('repeatable-read', 0, () => Promise.resolve());
    await raiseBoth(before, 33);
    const whole = await loadAcross('repeatable-read', AFTER_FIRST_CATEGORY, () =>
      raiseBoth(before, 44),
    );
    expect(ends(whole)).toEqual([33, 33]);
    expect(newerThanItsPage(whole)).toBe(false);
    const next = await loadAcross('repeatable-read', 0, () => Promise.resolve());
    expect(ends(next)).toEqual([44, 44]);
  });
});
