import type { Catalog, Category, Dish } from './catalog.ts';
import { found, HEAD, type Head, type Layout } from './layout.ts';
import type { Trips } from './trips.ts';

/** A category without its dishes: those lie on their own. */
type Frame = Omit<Category, 'products'> & { products: number[] };

export type DishFields = [field: keyof Dish, value: string][];

export const DISH_FIELDS = ['name', 'description', 'price', 'version', 'position'] as const;

/**
 * Each dish on its own, and beside them a Hash of frames: what belongs to no dish. Its bytes are the same in all such layouts.
 */
export function byDish(
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
