import type { QueryResultRow } from 'pg';
import type { Database, Parameter, Session } from '../database/database.ts';
import { microsSince } from './elapsed.ts';
import { changedDishes, renderPage } from './page.ts';
import type {
  CategoryRow,
  CategoryRows,
  OptionGroupRow,
  ProductRow,
  PromotionRow,
  StoreRow,
  ThemeRow,
} from './page.ts';
import {
  SELECT_CATEGORIES,
  SELECT_OPTION_GROUPS,
  SELECT_PRODUCTS,
  SELECT_PROMOTIONS,
  SELECT_STORE,
  SELECT_THEME,
} from './statements.ts';
import type { PageStatement } from './statements.ts';
import type { PageLoad, QueryLogEntry } from './types.ts';

interface NaivePage {
  store: StoreRow;
  theme: ThemeRow | undefined;
  categories: CategoryRows[];
}

/**
 * The page as an ORM with lazy relations builds it: store, theme, categories, then three queries
 * per category, one after the other. 3 + 37 x 3 = 114 SELECTs for the restaurant. All in one
 * snapshot by default: under READ COMMITTED a change in between gives a page that never existed.
 * @returns null if there is no such store.
 * @throws what `Database` throws.
 */
export async function loadNaive(
  db: Database,
  slug: string,
  signal?: AbortSignal,
  isolation: 'repeatable-read' | 'read-committed' = 'repeatable-read',
): Promise<PageLoad | null> {
  const started = performance.now();
  const queries: QueryLogEntry[] = [];
  const build = async (session: Session): Promise<NaivePage | null> => {
    async function select<Row extends QueryResultRow>(
      statement: PageStatement,
      value: Parameter,
    ): Promise<Row[]> {
      const asked = performance.now();
      const rows = await session.query<Row>(statement, [value]);
      const { shape, table } = statement;
      queries.push({ shape, table, rows: rows.length, micros: microsSince(asked) });
      return rows;
    }

    const [store] = await select<StoreRow>(SELECT_STORE, slug);
    if (store === undefined) return null;
    const [theme] = await select<ThemeRow>(SELECT_THEME, store.id);
    const categories: CategoryRows[] = [];
    for (const category of await select<CategoryRow>(SELECT_CATEGORIES, store.id)) {
      categories.push({
        category,
        products: await select<ProductRow>(SELECT_PRODUCTS, category.id),
        optionGroups: await select<OptionGroupRow>(SELECT_OPTION_GROUPS, category.id),
        promotions: await select<PromotionRow>(SELECT_PROMOTIONS, category.id),
      });
    }
    return { store, theme, categories };
  };
  const page =
    isolation === 'read-committed'
      ? await db.readCommitted(build, signal)
      : await db.readSnapshot(build, signal);
  if (page === null) return null;
  const body = renderPage(page.store, page.theme, page.categories);
  return {
    body,
    menuVersion: page.store.menu_version,
    queries,
    changedDishes: changedDishes(page.categories),
    micros: microsSince(started),
  };
}
