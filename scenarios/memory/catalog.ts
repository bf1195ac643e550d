import type { Client } from 'pg';

/** The page's JSON document, with its fields in the order in which the store sends them. */
export interface Catalog {
  store: { id: number; slug: string; name: string; city: string };
  theme: { accent: string; tagline: string; currency: string } | null;
  menuVersion: number;
  categories: Category[];
}

export interface Category {
  id: number;
  name: string;
  products: Dish[];
  optionGroups: { id: number; name: string; choices: string[] }[];
  promotions: { id: number; title: string; percentOff: number }[];
}

export interface Dish {
  id: number;
  name: string;
  description: string;
  price: number;
  version: number;
  position: number;
}

const SELECT_CATALOG = `SELECT json_build_object(
  'store', json_build_object('id', s.id, 'slug', s.slug, 'name', s.name, 'city', s.city),
  'theme', (SELECT json_build_object('accent', accent, 'tagline', tagline, 'currency', currency)
    FROM cachelab.themes WHERE store_id = s.id),
  'menuVersion', s.menu_version,
  'categories', (SELECT coalesce(json_agg(json_build_object('id', c.id, 'name', c.name,
    'products', (SELECT coalesce(json_agg(json_build_object('id', p.id, 'name', p.name,
        'description', p.description, 'price', p.price::float8, 'version', p.version,
        'position', p.position) ORDER BY p.position, p.id), '[]')
      FROM cachelab.products p WHERE p.category_id = c.id),
    'optionGroups', (SELECT coalesce(json_agg(json_build_object('id', o.id, 'name', o.name,
        'choices', o.choices) ORDER BY o.position, o.id), '[]')
      FROM cachelab.option_groups o WHERE o.category_id = c.id),
    'promotions', (SELECT coalesce(json_agg(json_build_object('id', r.id, 'title', r.title,
        'percentOff', r.percent_off) ORDER BY r.position, r.id), '[]')
      FROM cachelab.promotions r WHERE r.category_id = c.id))
    ORDER BY c.position, c.id), '[]') FROM cachelab.categories c WHERE c.store_id = s.id)
) AS catalog FROM cachelab.stores s WHERE s.slug = $1`;

/**
 * The document that the store serves for this slug, from the rows: `JSON.stringify` of it is the page, byte for byte.
 * @throws Error if there is no such store.
 */
export async function readCatalog(database: Client, slug: string): Promise<Catalog> {
  const { rows } = await database.query<{ catalog: Catalog }>(SELECT_CATALOG, [slug]);
  const [row] = rows;
  if (row === undefined) throw new Error(`there is no store ${slug}`);
  return row.catalog;
}
