import type { Catalog, Category } from './catalog.ts';
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

/** Part of a page that is no category: store, theme, version, and the order of the categories. */
export const HEAD = 'head';
export type Head = Omit<Catalog, 'categories'> & { categories: number[] };

/** @throws Error if it is not there. */
export async function found<T>(value: Promise<T | null>, key: string): Promise<T> {
  const there = await value;
  if (there === null) throw new Error(`a part of ${key} is not there`);
  return there;
}
