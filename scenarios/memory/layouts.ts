import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  deflateSync,
  gunzipSync,
  gzipSync,
  inflateSync,
} from 'node:zlib';
import type { Catalog, Category, Dish } from './catalog.ts';
import type { Trips } from './trips.ts';

/** One way to keep a store's page in Redis, and how its parts are reached there. */
export interface Layout {
  name: string;
  title: string;
  /** Each dish lies on its own, beside the frames. */
  byDish?: true;
  write(trips: Trips, key: string, catalog: Catalog): Promise<void>;
  /** The page as it could be sent to a browser; a compressed one stays compressed. */
  readAll(trips: Trips, key: string): Promise<Buffer>;
  readCategory(trips: Trips, key: string, categoryId: number): Promise<Category>;
  setPrice(trips: Trips, key: string, dish: DishPlace, price: number): Promise<void>;
  /** From what `readAll` gives to JSON text; for the proof that nothing got lost. */
  decode?: (page: Buffer) => Buffer;
}

/** Which dish: whoever changes a price knows its category, too. */
export interface DishPlace {
  categoryId: number;
  dishId: number;
}

interface Codec {
  encode: (text: string) => Buffer;
  decode: (bytes: Buffer) => Buffer;
}

/** The whole page in one String. */
function whole(name: string, title: string, { encode, decode }: Codec): Layout {
  const read = async (trips: Trips, key: string): Promise<Catalog> =>
    JSON.parse(decode(await readWhole(trips, key)).toString());
  const write: Layout['write'] = async (trips, key, catalog) => {
    const bytes = encode(JSON.stringify(catalog));
    await trips.one((redis) => redis.set(key, bytes));
  };
  return {
    ...{ name, title, write, decode, readAll: readWhole },
    async readCategory(trips, key, categoryId) {
      return categoryOf(await read(trips, key), categoryId);
    },
    async setPrice(trips, key, place, price) {
      const catalog = await read(trips, key);
      dishOf(categoryOf(catalog, place.categoryId), place).price = price;
      await write(trips, key, catalog);
    },
  };
}

const readWhole: Layout['readAll'] = (trips, key) =>
  found(
    trips.one((redis) => redis.getBuffer(key)),
    key,
  );

/** The page cut by category, each part JSON; where the parts lie is the argument. */
function byCategory(
  name: string,
  title: string,
  parts: {
    write(trips: Trips, key: string, parts: [part: string, text: string][]): Promise<unknown>;
    read(trips: Trips, key: string, part: string): Promise<string | null>;
    /** In the order of `ids`. */
    readAll(trips: Trips, key: string, ids: readonly string[]): Promise<unknown[]>;
    update(trips: Trips, key: string, part: string, text: string): Promise<unknown>;
  },
): Layout {
  const read = async (trips: Trips, key: string, id: number): Promise<Category> =>
    JSON.parse(await found(parts.read(trips, key, String(id)), key));
  return {
    ...{ name, title },
    async write(trips, key, { categories, ...head }) {
      const ids = categories.map(({ id }) => id);
      await parts.write(trips, key, [
        [HEAD, JSON.stringify({ ...head, categories: ids })],
        ...categories.map((one): [string, string] => [String(one.id), JSON.stringify(one)]),
      ]);
    },
    async readAll(trips, key) {
      const { categories, ...head }: Head = JSON.parse(
        await found(parts.read(trips, key, HEAD), key),
      );
      const texts = await parts.readAll(trips, key, categories.map(String));
      const opened = JSON.stringify(head).slice(0, -1);
      return Buffer.from(`${opened},"categories":[${texts.join(',')}]}`);
    },
    readCategory: read,
    async setPrice(trips, key, place, price) {
      const category = await read(trips, key, place.categoryId);
      dishOf(category, place).price = price;
      await parts.update(trips, key, String(place.categoryId), JSON.stringify(category));
    },
  };
}

/** Part of a page that is no category: store, theme, version, and the order of the categories. */
const HEAD = 'head';
type Head = Omit<Catalog, 'categories'> & { categories: number[] };

/** A category without its dishes: those lie on their own. */
type Frame = Omit<Category, 'products'> & { products: number[] };

type DishFields = [field: keyof Dish, value: string][];

const DISH_FIELDS = ['name', 'description', 'price', 'version', 'position'] as const;

/**
 * Each dish on its own, and beside them a Hash of frames: what belongs to no dish. Its bytes are the same in all such layouts.
 */
function byDish(
  name: string,
  title: string,
  dishes: {
    write(trips: Trips, key: string, dishes: [id: number, fields: DishFields][]): Promise<unknown>;
    /** Values in the order of `DISH_FIELDS`. */
    read(trips: Trips, key: string, ids: readonly number[]): Promise<string[][]>;
    setPrice(trips: Trips, key: string, id: number, price: string): Promise<unknown>;
  },
): Layout {
  const withDishes = async (trips: Trips, key: string, frames: Frame[]): Promise<Category[]> => {
    const ids = frames.flatMap(({ products }) => products);
    const values = await dishes.read(trips, key, ids);
    const byId = new Map(ids.map((id, at) => [id, dishFrom(id, values[at]!)]));
    return frames.map(({ id, name: called, products, ...rest }) => ({
      ...{ id, name: called, products: products.map((one) => byId.get(one)!) },
      ...rest,
    }));
  };
  return {
    ...{ name, title, byDish: true },
    async write(trips, key, catalog) {
      await writeFrames(trips, key, catalog);
      const all = catalog.categories.flatMap(({ products }) => products);
      await dishes.write(
        trips,
        key,
        all.map((dish) => [dish.id, DISH_FIELDS.map((field) => [field, String(dish[field])])]),
      );
    },
    async readAll(trips, key) {
      const texts = await trips.one((redis) => redis.hgetall(`${key}:frames`));
      const { categories, ...head }: Head = JSON.parse(
        await found(Promise.resolve(texts[HEAD] ?? null), key),
      );
      const frames = categories.map((id): Frame => JSON.parse(texts[String(id)]!));
      const page = { ...head, categories: await withDishes(trips, key, frames) };
      return Buffer.from(JSON.stringify(page));
    },
    async readCategory(trips, key, categoryId) {
      const text = trips.one((redis) => redis.hget(`${key}:frames`, String(categoryId)));
      const frame: Frame = JSON.parse(await found(text, key));
      const [category] = await withDishes(trips, key, [frame]);
      return category!;
    },
    async setPrice(trips, key, { dishId }, price) {
      await dishes.setPrice(trips, key, dishId, String(price));
    },
  };
}

/** What the layouts by dish have in common. */
export async function writeFrames(
  trips: Trips,
  key: string,
  { categories, ...head }: Catalog,
): Promise<void> {
  const frames = categories.flatMap((one): string[] => [
    String(one.id),
    JSON.stringify({ ...one, products: one.products.map(({ id }) => id) }),
  ]);
  const order = JSON.stringify({ ...head, categories: categories.map(({ id }) => id) });
  await trips.one((redis) => redis.hset(`${key}:frames`, HEAD, order, ...frames));
}

function dishFrom(id: number, values: readonly string[]): Dish {
  const [name, description, price, version, position] = values;
  return {
    ...{ id, name: name!, description: description! },
    ...{ price: Number(price), version: Number(version), position: Number(position) },
  };
}

async function found<T>(value: Promise<T | null>, key: string): Promise<T> {
  const there = await value;
  if (there === null) throw new Error(`a part of ${key} is not there`);
  return there;
}

function categoryOf({ categories }: Catalog, id: number): Category {
  return categories.find((one) => one.id === id)!;
}

function dishOf({ products }: Category, { dishId }: DishPlace): Dish {
  return products.find(({ id }) => id === dishId)!;
}

const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };

/** Every layout, from one key a page to one key a field. */
export const LAYOUTS: readonly Layout[] = [
  whole('json', 'JSON in one String', { encode: (text) => Buffer.from(text), decode: (it) => it }),
  whole('gzip-1', 'gzip, level 1, in one String', {
    encode: (text) => gzipSync(text, { level: 1 }),
    decode: (bytes) => gunzipSync(bytes),
  }),
  whole('gzip-6', 'gzip, level 6, in one String', {
    encode: (text) => gzipSync(text, { level: 6 }),
    decode: (bytes) => gunzipSync(bytes),
  }),
  whole('deflate', 'deflate, level 6, in one String', {
    encode: (text) => deflateSync(text, { level: 6 }),
    decode: (bytes) => inflateSync(bytes),
  }),
  whole('brotli-4', 'brotli, quality 4, in one String', {
    encode: (text) => brotliCompressSync(text, brotli),
    decode: (bytes) => brotliDecompressSync(bytes),
  }),
  byCategory('json-by-category', 'one String of JSON per category', {
    write: (trips, key, parts) =>
      trips.one((redis) =>
        redis.mset(...parts.flatMap(([part, text]) => [`${key}:${part}`, text])),
      ),
    read: (trips, key, part) => trips.one((redis) => redis.get(`${key}:${part}`)),
    readAll: (trips, key, ids) =>
      trips.one((redis) => redis.mget(...ids.map((id) => `${key}:${id}`))),
    update: (trips, key, part, text) => trips.one((redis) => redis.set(`${key}:${part}`, text)),
  }),
  byCategory('hash-by-category', 'one Hash, a field of JSON per category', {
    write: (trips, key, parts) => trips.one((redis) => redis.hset(key, ...parts.flat())),
    read: (trips, key, part) => trips.one((redis) => redis.hget(key, part)),
    readAll: (trips, key, ids) => trips.one((redis) => redis.hmget(key, ...ids)),
    update: (trips, key, part, text) => trips.one((redis) => redis.hset(key, part, text)),
  }),
  byDish('hash-per-dish', 'one Hash per dish', {
    write: (trips, key, dishes) =>
      trips.together((pipeline) => {
        for (const [id, fields] of dishes) pipeline.hset(`${key}:dish:${id}`, ...fields.flat());
      }),
    async read(trips, key, ids) {
      const replies = await trips.together((pipeline) => {
        for (const id of ids) pipeline.hmget(`${key}:dish:${id}`, ...DISH_FIELDS);
      });
      return replies as string[][];
    },
    setPrice: (trips, key, id, price) =>
      trips.one((redis) => redis.hset(`${key}:dish:${id}`, 'price', price)),
  }),
  byDish('string-per-field', 'one String per field of a dish', {
    write: (trips, key, dishes) =>
      trips.together((pipeline) => {
        for (const [id, fields] of dishes)
          for (const [field, value] of fields) pipeline.set(`${key}:dish:${id}:${field}`, value);
      }),
    async read(trips, key, ids) {
      const keys = ids.flatMap((id) => DISH_FIELDS.map((field) => `${key}:dish:${id}:${field}`));
      const values = await trips.one((redis) => redis.mget(...keys));
      return ids.map((_, at) =>
        values.slice(at * DISH_FIELDS.length, (at + 1) * DISH_FIELDS.length).map((one) => one!),
      );
    },
    setPrice: (trips, key, id, price) =>
      trips.one((redis) => redis.set(`${key}:dish:${id}:price`, price)),
  }),
];
