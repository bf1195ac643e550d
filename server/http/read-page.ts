import { plainBody } from '../cache/entry.ts';
import type { Read } from '../cache/strategy.ts';
import type { Catalog } from '../catalog/page.ts';
import type { QueryLogEntry } from '../catalog/types.ts';
import type { Context } from '../context.ts';
import { monotonicUs } from '../journal.ts';
import { isSlug, loadPage, unknownStore } from './load-page.ts';
import { toProblem } from './problem.ts';

/** A page with what it cost this reader. */
export interface ReadPage {
  outcome: Read['outcome'];
  /** Age of the copy in ms; null when this reader built it. */
  ageMs: number | null;
  menuVersion: number;
  /** From the request's arrival to the page's bytes being at hand, in ms. */
  totalMs: number;
  /** The statements that this very read ran, in order; none on a hit. */
  queries: QueryLogEntry[];
  catalog: Catalog;
}

/**
 * Reads a page through the policy in force, like the JSON page, for those who want to know what it cost. In the journal, where
 * one is kept; not among the page's own statistics.
 * @throws Problem 404 for an unknown store, 503 without the database.
 */
export async function readPage(context: Context, slug: string): Promise<ReadPage> {
  const { keys, services, journal } = context;
  const startedMs = performance.now();
  const startUs = journal === null ? 0 : monotonicUs();
  let outcome: Read['outcome'] | null = null;
  const record = (status: number, version: number, loadedAtMs: number): void =>
    journal?.read({
      ...{ slug, startUs, status, outcome, version, loadedAtMs },
      ...{ session: 0, measured: false },
    });
  try {
    if (!isSlug(slug)) throw unknownStore(slug);
    let queries: QueryLogEntry[] = [];
    const read = await context.inForce.strategy.get(keys.catalog(slug), async () => {
      const page = await loadPage(context, slug, null);
      queries = page?.queries ?? [];
      return page;
    });
    outcome = read.outcome;
    const { entry } = read;
    if (entry === null) throw unknownStore(slug);
    const built = read.loaded !== null;
    const answer: ReadPage = {
      outcome,
      ageMs: built ? null : services.now() - entry.loadStartedAtMs,
      menuVersion: entry.menuVersion,
      catalog: JSON.parse(plainBody(entry).toString()),
      totalMs: performance.now() - startedMs,
      queries: built ? queries : [],
    };
    record(200, entry.menuVersion, entry.loadStartedAtMs);
    return answer;
  } catch (error) {
    record(toProblem(error).status, 0, 0);
    throw error;
  }
}
