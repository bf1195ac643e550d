import type { Database } from '../database/database.ts';
import { microsSince } from './elapsed.ts';
import { changedDishes, renderPage } from './page.ts';
import type {
  CategoryRow,
  OptionGroupRow,
  ProductRow,
  PromotionRow,
  StoreRow,
  ThemeRow,
} from './page.ts';
import { SELECT_PAGE } from './statements.ts';
import type { PageLoad } from './types.ts';

type InCategory<Row> = Row & { category_id: number };

/** Aggregates over no rows are null. */
interface PageRow extends StoreRow {
  theme: ThemeRow | null;
  categories: CategoryRow[] | null;
  products: InCategory<ProductRow>[] | null;
  option_groups: InCategory<OptionGroupRow>[] | null;
  promotions: InCategory<PromotionRow>[] | null;
}

/**
 * The page in one statement, and so one round trip and one snapshot: the baseline that fixes the
 * query. The body is byte-identical to `loadNaive`'s.
 * @returns null if there is no such store.
 * @throws what `Database` throws.
 */
export async function loadJoined(
  db: Database,
  slug: string,
  signal?: AbortSignal,
): Promise<PageLoad | null> {
  const started = performance.now();
  const [row] = await db.readOne<PageRow>(SELECT_PAGE, [slug], signal);
  if (row === undefined) return null;
  const micros = microsSince(started);
  const products = byCategory(row.products);
  const optionGroups = byCategory(row.option_groups);
  const promotions = byCategory(row.promotions);
  const categories = (row.categories ?? []).map((category) => ({
    category,
    products: products.get(category.id) ?? [],
    optionGroups: optionGroups.get(category.id) ?? [],
    promotions: promotions.get(category.id) ?? [],
  }));
  const { shape, table } = SELECT_PAGE;
  return {
    body: renderPage(row, row.theme ?? undefined, categories),
    menuVersion: row.menu_version,
    queries: [{ shape, table, rows: 1, micros }],
    changedDishes: changedDishes(categories),
    micros: microsSince(started),
  };
}

function byCategory<Row extends { category_id: number }>(
  rows: readonly Row[] | null,
): Map<number, Row[]> {
  const groups = new Map<number, Row[]>();
  for (const row of rows ?? []) {
    const group = groups.get(row.category_id);
    if (group === undefined) groups.set(row.category_id, [row]);
    else group.push(row);
  }
  return groups;
}
