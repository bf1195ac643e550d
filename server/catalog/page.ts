/** Rows as Postgres returns them, by `statements.ts`. */
export interface StoreRow {
  id: number;
  slug: string;
  name: string;
  city: string;
  menu_version: number;
}
export interface ThemeRow {
  accent: string;
  tagline: string;
  currency: string;
}
export interface CategoryRow {
  id: number;
  name: string;
}
export interface ProductRow {
  id: number;
  name: string;
  description: string;
  price: number;
  version: number;
  position: number;
}
export interface OptionGroupRow {
  id: number;
  name: string;
  choices: string[];
}
export interface PromotionRow {
  id: number;
  title: string;
  percent_off: number;
}

/** A category with the rows of its three queries. */
export interface CategoryRows {
  category: CategoryRow;
  products: ProductRow[];
  optionGroups: OptionGroupRow[];
  promotions: PromotionRow[];
}

/** The JSON document of a page. */
export interface Catalog {
  store: { id: number; slug: string; name: string; city: string };
  theme: { accent: string; tagline: string; currency: string } | null;
  /** `menu_version` of the snapshot. */
  menuVersion: number;
  categories: {
    id: number;
    name: string;
    products: {
      id: number;
      name: string;
      description: string;
      /** In the theme's currency; two decimals at most. */
      price: number;
      /** The menu_version that this dish's last change made. */
      version: number;
      position: number;
    }[];
    optionGroups: { id: number; name: string; choices: string[] }[];
    promotions: { id: number; title: string; percentOff: number }[];
  }[];
}

/**
 * The page's bytes. Every field is named here, so that their order does not depend on how the rows
 * were fetched.
 */
export function renderPage(
  store: StoreRow,
  theme: ThemeRow | undefined,
  categories: readonly CategoryRows[],
): Buffer {
  const catalog: Catalog = {
    store: { id: store.id, slug: store.slug, name: store.name, city: store.city },
    theme:
      theme === undefined
        ? null
        : { accent: theme.accent, tagline: theme.tagline, currency: theme.currency },
    menuVersion: store.menu_version,
    categories: categories.map(({ category, products, optionGroups, promotions }) => ({
      id: category.id,
      name: category.name,
      products: products.map((row) => ({
        id: row.id,
        name: row.name,
        description: row.description,
        price: row.price,
        version: row.version,
        position: row.position,
      })),
      optionGroups: optionGroups.map((row) => ({
        id: row.id,
        name: row.name,
        choices: row.choices,
      })),
      promotions: promotions.map((row) => ({
        id: row.id,
        title: row.title,
        percentOff: row.percent_off,
      })),
    })),
  };
  return Buffer.from(JSON.stringify(catalog));
}

/** Dishes with a version other than the seeded one: what a page shows of the changes so far. */
export function changedDishes(categories: readonly CategoryRows[]): [number, number][] {
  const changed: [number, number][] = [];
  for (const { products } of categories)
    for (const { id, version } of products) if (version > 1) changed.push([id, version]);
  return changed;
}

/** Reads the bytes that `renderPage` made; they are never a client's. */
export function parsePage(body: Buffer): Catalog {
  return JSON.parse(body.toString());
}
