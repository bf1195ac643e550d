import { createHash } from 'node:crypto';
import type { StoreMenu } from './menu.ts';
import { restaurant } from './restaurant.ts';
import { generatedStores } from './stores.ts';

/** When every seeded dish was last changed: a constant, so that two loads give the same bytes. */
const SEEDED_AT = '2026-01-01T00:00:00Z';

/** The tables with the columns that the rows fill. */
export const TABLES = {
  stores: ['id', 'slug', 'name', 'city', 'menu_version'],
  themes: ['store_id', 'accent', 'tagline', 'currency'],
  categories: ['id', 'store_id', 'name', 'position'],
  products: [
    'id',
    'store_id',
    'category_id',
    'name',
    'description',
    'price',
    'position',
    'version',
    'updated_at',
  ],
  option_groups: ['id', 'store_id', 'category_id', 'name', 'choices', 'position'],
  promotions: ['id', 'store_id', 'category_id', 'title', 'percent_off', 'position'],
} as const;

export type TableName = keyof typeof TABLES;
type Value = string | number | readonly string[];

/** The tables' names, in the order in which they are loaded. */
export const TABLE_NAMES: readonly TableName[] = [
  'stores',
  'themes',
  'categories',
  'products',
  'option_groups',
  'promotions',
];

/** Every table's rows, values in the order of `TABLES`. */
export type Dataset = Record<TableName, Value[][]>;

/** The restaurant as store 1, then the generated stores. Ids count from 1 in menu order. */
export function buildDataset(seed: number, stores: number): Dataset {
  const data = emptyDataset();
  addStore(data, restaurant());
  for (const store of generatedStores(seed, stores)) addStore(data, store);
  return data;
}

/** The rows of the restaurant alone, with the ids that they have in every data set. */
export function restaurantDataset(): Dataset {
  const data = emptyDataset();
  addStore(data, restaurant());
  return data;
}

function emptyDataset(): Dataset {
  return {
    stores: [],
    themes: [],
    categories: [],
    products: [],
    option_groups: [],
    promotions: [],
  };
}

function addStore(data: Dataset, store: StoreMenu): void {
  const storeId = data.stores.length + 1;
  data.stores.push([storeId, store.slug, store.name, store.city, 1]);
  data.themes.push([storeId, store.theme.accent, store.theme.tagline, store.theme.currency]);
  for (const [index, category] of store.categories.entries()) {
    const categoryId = data.categories.length + 1;
    data.categories.push([categoryId, storeId, category.name, index + 1]);
    for (const [i, dish] of category.dishes.entries()) {
      const { name, description, priceYuan } = dish;
      const price = priceYuan.toFixed(2);
      const id = data.products.length + 1;
      const row = [id, storeId, categoryId, name, description, price, i + 1, 1, SEEDED_AT];
      data.products.push(row);
    }
    for (const [i, { name, choices }] of category.optionGroups.entries()) {
      const id = data.option_groups.length + 1;
      data.option_groups.push([id, storeId, categoryId, name, choices, i + 1]);
    }
    for (const [i, { title, percentOff }] of category.promotions.entries()) {
      const id = data.promotions.length + 1;
      data.promotions.push([id, storeId, categoryId, title, percentOff, i + 1]);
    }
  }
}

/** One table in the text format of COPY: a line per row, tabs between values. */
export function copyText(rows: readonly Value[][]): string {
  let text = '';
  for (const row of rows) text += `${row.map(copyValue).join('\t')}\n`;
  return text;
}

function copyValue(value: Value): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return escapeCopy(value);
  const elements = value.map((element) => `"${element.replace(/["\\]/g, '\\$&')}"`);
  return escapeCopy(`{${elements.join(',')}}`);
}

const COPY_ESCAPES: Record<string, string> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
};

function escapeCopy(text: string): string {
  return text.replace(/[\\\t\n\r]/g, (character) => COPY_ESCAPES[character] ?? character);
}

/** SHA-256, as hex, of the bytes that COPY sends for every table: equal digests, equal rows. */
export function digestOf(data: Dataset): string {
  const hash = createHash('sha256');
  for (const table of TABLE_NAMES) {
    hash.update(`${table}(${TABLES[table].join(',')})\n`).update(copyText(data[table]));
  }
  return hash.digest('hex');
}

/** Digest of the data set that a seed and a number of generated stores give; no database needed. */
export function datasetDigest(seed: number, stores: number): string {
  return digestOf(buildDataset(seed, stores));
}
