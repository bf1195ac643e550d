import type { Statement } from '../database/database.ts';

/** A statement of the page. */
export interface PageStatement extends Statement {
  table: string;
  /** The text without the mark; parameters are placeholders, so queries of one shape are equal. */
  shape: string;
}

// The mark lets pg_stat_statements tell page SELECTs from others, by
// query LIKE 'SELECT /* page */%'. Inside the statement: Postgres 18 drops a comment in front.
function pageStatement(table: string, shape: string, name = `page_${table}`): PageStatement {
  return { name, table, shape, text: shape.replace('SELECT', 'SELECT /* page */') };
}

// Every ORDER BY ends in a key: rows of equal position would otherwise come in any order, and the
// same rows must give the same bytes.

export const SELECT_STORE: PageStatement = pageStatement(
  'stores',
  'SELECT id, slug, name, city, menu_version FROM cachelab.stores WHERE slug = $1',
);

export const SELECT_VERSION: PageStatement = pageStatement(
  'stores',
  'SELECT menu_version FROM cachelab.stores WHERE slug = $1',
  'page_version',
);

export const SELECT_THEME: PageStatement = pageStatement(
  'themes',
  'SELECT accent, tagline, currency FROM cachelab.themes WHERE store_id = $1',
);

export const SELECT_CATEGORIES: PageStatement = pageStatement(
  'categories',
  'SELECT id, name FROM cachelab.categories WHERE store_id = $1 ORDER BY position, id',
);

export const SELECT_PRODUCTS: PageStatement = pageStatement(
  'products',
  'SELECT id, name, description, price::float8 AS price, version, position FROM cachelab.products WHERE category_id = $1 ORDER BY position, id',
);

export const SELECT_OPTION_GROUPS: PageStatement = pageStatement(
  'option_groups',
  'SELECT id, name, choices FROM cachelab.option_groups WHERE category_id = $1 ORDER BY position, id',
);

export const SELECT_PROMOTIONS: PageStatement = pageStatement(
  'promotions',
  'SELECT id, title, percent_off FROM cachelab.promotions WHERE category_id = $1 ORDER BY position, id',
);

/**
 * The same rows in one statement, as a team would write it that fixes the query instead of caching
 * it: one array per table, by the store's id; the application puts the rows into their categories.
 */
export const SELECT_PAGE: PageStatement = pageStatement(
  'all six tables',
  `SELECT s.id, s.slug, s.name, s.city, s.menu_version,
  (SELECT row_to_json(t) FROM (
    SELECT accent, tagline, currency FROM cachelab.themes WHERE store_id = s.id) t) AS theme,
  (SELECT json_agg(c) FROM (
    SELECT id, name FROM cachelab.categories WHERE store_id = s.id ORDER BY position, id) c) AS categories,
  (SELECT json_agg(p) FROM (
    SELECT category_id, id, name, description, price::float8 AS price, version, position
    FROM cachelab.products WHERE store_id = s.id ORDER BY category_id, position, id) p) AS products,
  (SELECT json_agg(o) FROM (
    SELECT category_id, id, name, choices
    FROM cachelab.option_groups WHERE store_id = s.id ORDER BY category_id, position, id) o) AS option_groups,
  (SELECT json_agg(p) FROM (
    SELECT category_id, id, title, percent_off
    FROM cachelab.promotions WHERE store_id = s.id ORDER BY category_id, position, id) p) AS promotions
FROM cachelab.stores s WHERE s.slug = $1`,
  'page_joined',
);
