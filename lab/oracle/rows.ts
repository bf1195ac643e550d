import type { Journal } from '../server-protocol.ts';

/** A change that no server of the lab made, e.g. by psql: the columns of `Journal.writes` that the oracle needs. */
export interface OutsideWrite {
  slug: string;
  product: number;
  sendUs: number;
  /** Infinity where nobody knows whether it was committed: then no read can be said to miss it. */
  ackUs: number;
  version: number;
}

export interface ReadRow {
  startUs: number;
  endUs: number;
  /** Index into `OUTCOMES`. */
  outcome: number;
  version: number;
  loadedAtMs: number;
  session: number;
}

export interface LoadRow {
  startUs: number;
  endUs: number;
  startedAtMs: number;
  version: number;
  /** Version by product, of the dishes that were changed since the seed. */
  dishes: ReadonlyMap<number, number>;
}

export interface WriteRow {
  product: number;
  sendUs: number;
  ackUs: number;
  /** The writer has its answer not before this moment. */
  doneUs: number;
  version: number;
  session: number;
}

/** All that happened to one store, from all processes. */
export interface StoreRows {
  slug: string;
  /** Pages that were shown, by start. */
  reads: ReadRow[];
  /** Builds that gave a page, in no order. */
  loads: LoadRow[];
  /** By version, which is the order of the commits. */
  writes: WriteRow[];
}

/**
 * Journals of several processes as one history per store. Answers without a page and failed loads are left out: they
 * show no version.
 * @param measuredOnly - Leaves out reads of the warm-up.
 */
export function historyOf(
  journals: readonly Journal[],
  outside: readonly OutsideWrite[],
  measuredOnly: boolean,
): StoreRows[] {
  const stores = new Map<string, StoreRows>();
  const storeOf = (slug: string): StoreRows => {
    const known = stores.get(slug);
    if (known !== undefined) return known;
    const store: StoreRows = { slug, reads: [], loads: [], writes: [] };
    stores.set(slug, store);
    return store;
  };
  for (const { slugs, reads, loads, writes } of journals) {
    const own = slugs.map(storeOf);
    for (const [row, slug] of reads.slug.entries()) {
      if (reads.version[row]! <= 0 || (measuredOnly && reads.measured[row] === 0)) continue;
      own[slug]!.reads.push({
        startUs: reads.startUs[row]!,
        endUs: reads.endUs[row]!,
        outcome: reads.outcome[row]!,
        version: reads.version[row]!,
        loadedAtMs: reads.loadedAtMs[row]!,
        session: reads.session[row]!,
      });
    }
    for (const [row, slug] of loads.slug.entries()) {
      if (loads.version[row]! <= 0) continue;
      own[slug]!.loads.push({
        startUs: loads.startUs[row]!,
        endUs: loads.endUs[row]!,
        startedAtMs: loads.startedAtMs[row]!,
        version: loads.version[row]!,
        dishes: new Map(loads.dishes[row]),
      });
    }
    for (const [row, slug] of writes.slug.entries()) {
      own[slug]!.writes.push({
        product: writes.product[row]!,
        sendUs: writes.sendUs[row]!,
        ackUs: writes.ackUs[row]!,
        doneUs: writes.doneUs[row]!,
        version: writes.version[row]!,
        session: writes.session[row]!,
      });
    }
  }
  for (const { slug, product, sendUs, ackUs, version } of outside) {
    const write = { product, sendUs, ackUs, doneUs: ackUs, version, session: 0 };
    storeOf(slug).writes.push(write);
  }
  for (const { reads, writes } of stores.values()) {
    reads.sort((a, b) => a.startUs - b.startUs);
    writes.sort((a, b) => a.version - b.version);
  }
  return [...stores.values()];
}
