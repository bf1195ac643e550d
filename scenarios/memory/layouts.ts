import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  deflateSync,
  gunzipSync,
  gzipSync,
  inflateSync,
} from 'node:zlib';
import { byDish, DISH_FIELDS } from './by-dish.ts';
import type { Catalog, Category, Dish } from './catalog.ts';
import { type DishPlace, found, HEAD, type Head, type Layout } from './layout.ts';
import type { Trips } from './trips.ts';

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
