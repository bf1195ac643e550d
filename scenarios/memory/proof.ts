import { isDeepStrictEqual } from 'node:util';
import type { Redis } from 'ioredis';
import type { Catalog } from './catalog.ts';
import type { Layout } from './layout.ts';
import { placesOf } from './timings.ts';
import { Trips } from './trips.ts';

/**
 * Whether a layout gives back what was put in: the page byte for byte, each category, and a changed price everywhere.
 * @param key - A copy that was written and not changed since; its first dish gets another price and then its own again.
 * @returns One sentence for each thing that is wrong.
 */
export async function layoutProblems(
  redis: Redis,
  layout: Layout,
  key: string,
  catalog: Catalog,
): Promise<string[]> {
  const trips = new Trips(redis);
  const problems: string[] = [];
  const read = async (): Promise<string> => {
    const bytes = await layout.readAll(trips, key);
    return (layout.decode?.(bytes) ?? bytes).toString();
  };
  if ((await read()) !== JSON.stringify(catalog))
    problems.push(`${layout.name}: the page that is read is not the one that was written`);
  for (const category of catalog.categories) {
    if (!isDeepStrictEqual(await layout.readCategory(trips, key, category.id), category))
      problems.push(`${layout.name}: category ${category.id} is not the one that was written`);
  }
  const [place] = placesOf(catalog);
  if (place === undefined) return [...problems, 'the page has no dish'];
  const changed = structuredClone(catalog);
  const dish = changed.categories
    .find(({ id }) => id === place.categoryId)!
    .products.find(({ id }) => id === place.dishId)!;
  const before = dish.price;
  dish.price = before + 1;
  await layout.setPrice(trips, key, place, dish.price);
  if ((await read()) !== JSON.stringify(changed))
    problems.push(`${layout.name}: a changed price changes something else, or nothing`);
  await layout.setPrice(trips, key, place, before);
  return problems;
}
