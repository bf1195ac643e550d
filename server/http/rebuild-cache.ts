import { randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Context } from '../context.ts';
import { isSlug, loadPage, unknownStore } from './load-page.ts';
import { Problem } from './problem.ts';

/** Life of the lock: far above a load, so that only a holder that died lets it run out. */
const LOCK_TTL_MS = 30_000;

/**
 * `POST /stores/:slug/rebuild-cache`: builds the page and puts it into the cache, one caller at a time across all
 * servers; 423 while another holds the lock. The token makes sure that nobody releases a lock that is not his.
 * Known weakness: a price change during the load is overwritten by the older page, as with any unfenced fill.
 */
export function serveRebuildCache(
  context: Context,
): (request: Request<{ slug: string }>, response: Response) => Promise<void> {
  const { keys, services } = context;
  const { store } = services;
  return async (request, response) => {
    const startedMs = performance.now();
    const { slug } = request.params;
    if (!isSlug(slug)) throw unknownStore(slug);
    const { policy, strategy } = context.inForce;
    if (policy.settings.store === 'none')
      throw new Problem(
        409,
        `policy "${policy.name}" keeps no copies: there is nothing to rebuild`,
      );
    const lock = keys.rebuildLock(slug);
    const token = randomUUID();
    const acquired = await store.setIfAbsent(lock, token, LOCK_TTL_MS).catch((cause: unknown) => {
      throw new Problem(503, 'redis gives no answer, so nobody can hold the lock', {
        headers: { 'retry-after': '1' },
        cause,
      });
    });
    if (!acquired)
      throw new Problem(423, `the page of "${slug}" is being rebuilt by another request`, {
        headers: { 'retry-after': '1' },
      });
    try {
      const read = await strategy.fill(keys.catalog(slug), () => loadPage(context, slug, null));
      if (read.entry === null) throw unknownStore(slug);
      response.json({
        store: slug,
        rebuilt: read.stored,
        menu_version: read.entry.menuVersion,
        stored_bytes: read.entry.bytes.length,
        milliseconds: Math.round(performance.now() - startedMs),
      });
    } finally {
      await store.deleteIfEquals(lock, token).catch(() => false); // it ends by itself
    }
  };
}
