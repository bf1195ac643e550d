import { parsePage } from '../server/catalog/page.ts';
import type { Catalog } from '../server/catalog/page.ts';
import type { Context } from '../server/context.ts';
import { loadPage } from '../server/http/load-page.ts';
import type { Phase } from '../server/page-stats.ts';

/** The loads of one process, from which each read learns what became of it: the libraries do not say. */
export interface Loads {
  /** Phase of the latest request: loads count for it. */
  phase: Phase;
  load(slug: string): Promise<Catalog | null>;
  watch(slug: string): {
    /** Call when the read is done. The first reader to return after a load is the one who loaded. */
    ended(): { outcome: 'hit' | 'miss' | 'coalesced'; selects: number };
  };
}

interface Ended {
  count: number;
  /** SELECTs of the loads that no reader has claimed yet. */
  unclaimed: number[];
}

/** Loads through the store's own loader: same statements, same latency, same counters. */
export function createLoads(context: Context): Loads {
  const bySlug = new Map<string, Ended>();
  const of = (slug: string): Ended => {
    const known = bySlug.get(slug) ?? { count: 0, unclaimed: [] };
    bySlug.set(slug, known);
    return known;
  };
  const loads: Loads = {
    phase: 'other',
    async load(slug) {
      const page = await loadPage(context, slug, loads.phase);
      const ended = of(slug);
      ended.count += 1;
      ended.unclaimed.push(page?.queries.length ?? 1);
      return page === null ? null : parsePage(page.body);
    },
    watch(slug) {
      const ended = of(slug);
      const before = ended.count;
      return {
        ended() {
          if (ended.count === before) return { outcome: 'hit', selects: 0 };
          const selects = ended.unclaimed.shift();
          return selects === undefined
            ? { outcome: 'coalesced', selects: 0 }
            : { outcome: 'miss', selects };
        },
      };
    },
  };
  return loads;
}
