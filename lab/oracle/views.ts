import { type Lane, laneOf } from './lane.ts';
import type { LoadRow, ReadRow, StoreRows, WriteRow } from './rows.ts';

/**
 * What a page's version says. `snapshot`: a page shows every write up to its version. `by dish`: a page may be torn, so
 * each dish is asked for its own version, through the load that the page came from.
 */
export type Pages = 'snapshot' | 'by dish';

/** Writes of one store that pages show or lack together, and which version of them each page shows. */
export interface View {
  /** A write counts from its COMMIT. */
  committed: Lane;
  /** A write counts from its writer's answer: the policy's part is done. */
  answered: Lane;
  shownByRead(read: ReadRow): number;
  shownByLoad(load: LoadRow): number;
}

/** One view of the whole store where pages are snapshots, else one per dish that was written. */
export function viewsOf(store: StoreRows, pages: Pages, builds: Builds): View[] {
  if (pages === 'snapshot') {
    return [
      {
        ...lanes(store.writes),
        shownByRead: (read) => read.version,
        shownByLoad: (load) => load.version,
      },
    ];
  }
  return byProduct(store.writes).map(([product, writes]) => {
    const shownByLoad = (load: LoadRow): number => load.dishes.get(product) ?? 0;
    return {
      ...lanes(writes),
      shownByLoad,
      shownByRead(read) {
        const sources = builds.of(read);
        // Where two loads began in the same millisecond, the newer of them: in doubt a read is not stale.
        return sources.length === 0 ? read.version : Math.max(...sources.map(shownByLoad));
      },
    };
  });
}

/** Writes of each dish, in their order. */
export function byProduct(writes: readonly WriteRow[]): [product: number, writes: WriteRow[]][] {
  const products = new Map<number, WriteRow[]>();
  for (const write of writes) {
    const own = products.get(write.product);
    if (own === undefined) products.set(write.product, [write]);
    else own.push(write);
  }
  return [...products];
}

function lanes(writes: readonly WriteRow[]): Pick<View, 'committed' | 'answered'> {
  return {
    committed: laneOf(writes),
    answered: laneOf(writes.map((write) => ({ ...write, ackUs: write.doneUs }))),
  };
}

/** Finds the loads from which a shown page may have come. */
export interface Builds {
  of(read: ReadRow): readonly LoadRow[];
}

/**
 * Joined by the moment at which the load began, which the page's header carries. The header's clock may have been read just
 * before the journal's, hence the next millisecond too.
 */
export function buildsOf(loads: readonly LoadRow[]): Builds {
  const byStart = new Map<number, LoadRow[]>();
  for (const load of loads) {
    const same = byStart.get(load.startedAtMs);
    if (same === undefined) byStart.set(load.startedAtMs, [load]);
    else same.push(load);
  }
  return {
    of(read) {
      for (const startedAtMs of [read.loadedAtMs, read.loadedAtMs + 1]) {
        const found = (byStart.get(startedAtMs) ?? []).filter(
          (load) => load.version === read.version,
        );
        if (found.length > 0) return found;
      }
      return [];
    },
  };
}
