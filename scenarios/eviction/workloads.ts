import { randomStream } from '../../sim/random.ts';
import { generate } from '../../sim/generators/generate.ts';
import { REQUESTS, STORES, WARM, type WorkloadName } from './plan.ts';

/** Requests for pages of stores. */
export interface Workload {
  ids: Int32Array;
  /** Stores that are asked for: the working set. */
  objects: number;
  /** 1 for each request that counts: a visitor's, once the cache is warm. */
  counted: Uint8Array;
}

/** Of the crawler: it comes once for so many visitors. */
const VISITORS_PER_CRAWL = 2;
/** The hot set is a tenth of all stores, gets nine of ten requests and has moved on by its own size twice at the end. */
const SHIFTING = { hot: STORES / 10, hotShare: 0.9 };

/**
 * The requests of one replay.
 * - `zipf`: stores by Zipf's law, popularity never changes.
 * - `scan`: the same, and once the cache is warm a crawler reads all stores one after the other, again and again.
 * - `shifting`: a hot set that moves on through the stores.
 * @param share - Of the usual number of requests.
 */
export function workloadOf(name: WorkloadName, seed: number, share = 1): Workload {
  const requests = Math.round(REQUESTS * share);
  const warm = Math.round(WARM * share);
  const { ids, objects } =
    name === 'shifting'
      ? generate({
          ...{ kind: 'shifting', objects: STORES, requests, seed, ...SHIFTING },
          every: Math.round(requests / (2 * SHIFTING.hot)),
        })
      : generate({ kind: 'zipf', objects: STORES, exponent: 1, requests, seed });
  if (name === 'scan') return withCrawler({ ids, objects }, warm, seed);
  const counted = new Uint8Array(ids.length).fill(1, warm);
  return { ids, objects, counted };
}

function withCrawler(
  { ids, objects }: Pick<Workload, 'ids' | 'objects'>,
  warm: number,
  seed: number,
): Workload {
  const order = shuffledIds(objects, randomStream(seed, 'crawler'));
  const crawls = Math.floor((ids.length - warm) / VISITORS_PER_CRAWL);
  const all = new Int32Array(ids.length + crawls);
  const counted = new Uint8Array(all.length);
  let to = 0;
  let crawled = 0;
  for (let at = 0; at < ids.length; at += 1) {
    all[to] = ids[at]!;
    counted[to] = at < warm ? 0 : 1;
    to += 1;
    if (at >= warm && (at - warm) % VISITORS_PER_CRAWL === VISITORS_PER_CRAWL - 1) {
      all[to] = order[crawled % objects]!;
      crawled += 1;
      to += 1;
    }
  }
  return { ids: all, objects, counted };
}

/** Popular stores have low numbers; the crawler does not know. */
function shuffledIds(objects: number, random: () => number): Int32Array {
  const ids = Int32Array.from({ length: objects }, (_, id) => id);
  for (let last = objects - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [ids[last], ids[other]] = [ids[other]!, ids[last]!];
  }
  return ids;
}

/** Share of the counted requests that hit. @param hits - 1 for each request that hit. */
export function hitRatioOf({ counted }: Pick<Workload, 'counted'>, hits: Uint8Array): number {
  let [seen, found] = [0, 0];
  for (const [at, counts] of counted.entries()) {
    seen += counts;
    found += counts * hits[at]!;
  }
  return found / seen;
}
