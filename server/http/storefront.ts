import type { Request, Response } from 'express';
import type { Context } from '../context.ts';
import { renderStorefront } from '../storefront.ts';
import { readPage } from './read-page.ts';

/**
 * `GET /stores/:slug`: the menu for people, read through the policy in force like the JSON page, with a panel that
 * shows the queries of this very page.
 */
export function serveStorefront(
  context: Context,
): (request: Request<{ slug: string }>, response: Response) => Promise<void> {
  return async (request, response) => {
    const { name } = context.inForce.policy;
    const { catalog, menuVersion, ...facts } = await readPage(context, request.params.slug);
    const { html, contentSecurityPolicy } = renderStorefront(catalog, { ...facts, policy: name });
    response.set({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': contentSecurityPolicy,
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'x-cache-outcome': facts.outcome,
      'x-menu-version': String(menuVersion),
      'x-db-queries': String(facts.queries.length),
    });
    response.end(html);
  };
}
