import type { Request, Response } from 'express';
import { plainBody } from '../cache/entry.ts';
import type { Catalog } from '../catalog/page.ts';
import type { QueryLogEntry } from '../catalog/types.ts';
import type { Context } from '../context.ts';
import { renderStorefront } from '../storefront.ts';
import { isSlug, loadPage, unknownStore } from './load-page.ts';

/**
 * `GET /stores/:slug`: the menu for people, read through the policy in force like the JSON page, with a panel that
 * shows the queries of this very page.
 */
export function serveStorefront(
  context: Context,
): (request: Request<{ slug: string }>, response: Response) => Promise<void> {
  const { keys, services } = context;
  return async (request, response) => {
    const startedMs = performance.now();
    const { slug } = request.params;
    if (!isSlug(slug)) throw unknownStore(slug);
    const { policy, strategy } = context.inForce;
    let queries: QueryLogEntry[] = [];
    const read = await strategy.get(keys.catalog(slug), async () => {
      const page = await loadPage(context, slug, null);
      queries = page?.queries ?? [];
      return page;
    });
    const { entry, outcome } = read;
    if (entry === null) throw unknownStore(slug);
    const catalog: Catalog = JSON.parse(plainBody(entry).toString());
    const { html, contentSecurityPolicy } = renderStorefront(catalog, {
      outcome,
      ageMs: read.loaded === null ? services.now() - entry.loadStartedAtMs : null,
      totalMs: performance.now() - startedMs,
      queries: read.loaded === null ? [] : queries,
      policy: policy.name,
    });
    response.set({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': contentSecurityPolicy,
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'x-cache-outcome': outcome,
      'x-menu-version': String(entry.menuVersion),
      'x-db-queries': String(queries.length),
    });
    response.end(html);
  };
}
