import type { Request, Response } from 'express';
import { cached } from '../cached.ts';
import { loadNaive } from '../catalog/naive.ts';
import type { Context } from '../context.ts';
import { CATALOG_V2_PREFIX } from '../keys.ts';
import { databaseProblem, isSlug, unknownStore } from './load-page.ts';
import { sendPage } from './send-page.ts';

/** Two hours, as in the story. */
const TTL_MS = 7_200_000;

/**
 * `GET /stores/:slug/catalog/v2`: the same page through the generic `cached()` wrapper, whatever policy is in force.
 * Price changes do not delete its copies: they live for 2 h.
 */
export function serveCatalogV2(
  context: Context,
): (request: Request<{ slug: string }>, response: Response) => Promise<void> {
  const { db, services, keys } = context;
  const catalogV2 = cached(
    services,
    { prefix: keys.wrapper(CATALOG_V2_PREFIX), ttlMs: TTL_MS, key: (slug: string) => slug },
    async (slug: string) =>
      loadNaive(db, slug).catch((error: unknown) => {
        throw databaseProblem(error);
      }),
  );
  return async (request, response) => {
    const startedMs = performance.now();
    const { slug } = request.params;
    if (!isSlug(slug)) throw unknownStore(slug);
    const read = await catalogV2(slug);
    if (read.entry === null) throw unknownStore(slug);
    sendPage(request, response, read, read.entry, { startedMs, nowMs: services.now() });
  };
}
