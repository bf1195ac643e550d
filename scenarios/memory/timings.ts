import { newHistogram, recordMs } from '../../lab/stats/histogram.ts';
import type { Histogram } from '../../lab/stats/histogram.ts';
import { quantileMs } from '../../lab/stats/quantile.ts';
import type { Redis } from 'ioredis';
import type { Catalog } from './catalog.ts';
import type { DishPlace, Layout } from './layout.ts';
import { Trips } from './trips.ts';

export const OPERATIONS = ['all', 'category', 'price'] as const;
export type Operation = (typeof OPERATIONS)[number];

/** What one operation on one layout took. */
export interface Timing {
  layout: string;
  operation: Operation;
  histogram: Histogram;
  /** Of each time that it was done: they must be equal. */
  trips: Set<number>;
}

/**
 * Does every operation on every layout in turn, one at a time, until the time is over: what the machine does meanwhile meets
 * all alike.
 * @param until - Tells whether there is time for another turn.
 */
export async function timeLayouts(
  redis: Redis,
  layouts: readonly Layout[],
  input: {
    catalog: Catalog;
    keyOf: (layout: Layout) => string;
    random: () => number;
    until: () => boolean;
  },
): Promise<Timing[]> {
  const timings = layouts.flatMap((layout) =>
    OPERATIONS.map((operation) => ({
      ...{ layout, operation, histogram: newHistogram(), trips: new Set<number>() },
    })),
  );
  const places = placesOf(input.catalog);
  while (!input.until()) {
    const place = places[Math.floor(input.random() * places.length)]!;
    const price = 1 + Math.floor(input.random() * 300);
    for (const { layout, operation, histogram, trips } of timings) {
      const counted = new Trips(redis);
      const key = input.keyOf(layout);
      const startedMs = performance.now();
      if (operation === 'all') await layout.readAll(counted, key);
      else if (operation === 'category') await layout.readCategory(counted, key, place.categoryId);
      else await layout.setPrice(counted, key, place, price);
      recordMs(histogram, performance.now() - startedMs);
      trips.add(counted.count);
    }
  }
  return timings.map(({ layout, ...rest }) => ({ ...rest, layout: layout.name }));
}

export function placesOf({ categories }: Catalog): DishPlace[] {
  return categories.flatMap(({ id: categoryId, products }) =>
    products.map(({ id: dishId }) => ({ categoryId, dishId })),
  );
}

/** Median and 95th percentile as samples, in microseconds; what the sample does not support is left out. */
export function timingSamples(timings: readonly Timing[]): Record<string, number[]> {
  return Object.fromEntries(
    timings.flatMap(({ layout, operation, histogram }) =>
      [0.5, 0.95].flatMap((q): [string, number[]][] => {
        const { ms } = quantileMs(histogram, q);
        return ms === null ? [] : [[`${layout}/${operation}P${q * 100}Micros`, [ms * 1000]]];
      }),
    ),
  );
}
