import type { Request, Response } from 'express';
import { z } from 'zod';
import { updatePrice, wakeInvalidator } from '../catalog/update-price.ts';
import type { Context } from '../context.ts';
import { monotonicUs, sessionOf } from '../journal.ts';
import { databaseProblem, isSlug, unknownStore } from './load-page.ts';
import { parseOrRefuse, Problem } from './problem.ts';

const MAX_PRICE = 99_999.99;
const range = `a number from 0 to ${MAX_PRICE}, in yuan, with at most two decimals`;

const bodySchema = z.strictObject(
  {
    price: z
      .number(range)
      .min(0, range)
      .max(MAX_PRICE, range)
      .refine((price) => Math.abs(price * 100 - Math.round(price * 100)) < 1e-6, range),
  },
  'a JSON object `{"price": 120}`, sent as application/json',
);

const productIdSchema = z.coerce
  .number('a whole number')
  .int('a whole number')
  .min(1, 'from 1')
  .max(2 ** 31 - 1, 'to 2147483647');

/**
 * `POST /stores/:slug/products/:id/update-price`. Answers once the change is committed and the policy in force has done
 * its part; `cache_invalidated` is true when no copy older than the change is left in the cache, as far as this server knows.
 */
export function serveUpdatePrice(
  context: Context,
): (request: Request<{ slug: string; id: string }>, response: Response) => Promise<void> {
  const { db, keys, journal } = context;
  return async (request, response) => {
    const sendUs = journal === null ? 0 : monotonicUs();
    const { slug, id } = request.params;
    if (!isSlug(slug)) throw unknownStore(slug);
    const productId = parseOrRefuse(productIdSchema, id, 'product id');
    const { price } = parseOrRefuse(bodySchema, request.body, 'body');
    const outbox = context.inForce.policy.settings.invalidate === 'outbox';
    const result = await updatePrice(db, {
      slug,
      productId,
      price,
      announce: !outbox,
    }).catch((error: unknown) => {
      throw databaseProblem(error);
    });
    if (result === 'unknown-store') throw unknownStore(slug);
    if (result === 'unknown-product')
      throw new Problem(404, `store "${slug}" has no product ${productId}`);
    const ackUs = journal === null ? 0 : monotonicUs();
    if (outbox) void wakeInvalidator(db);
    const invalidated = await context.inForce.strategy.afterWrite(
      keys.catalog(slug),
      result.menuVersion,
    );
    journal?.write({
      slug,
      product: productId,
      sendUs,
      ackUs,
      version: result.menuVersion,
      session: sessionOf(request.headers['x-lab-session']),
    });
    response.set('x-menu-version', String(result.menuVersion)).json({
      store: slug,
      product_id: productId,
      previous_price: result.previousPrice,
      price: result.price,
      menu_version: result.menuVersion,
      cache_invalidated: invalidated,
    });
  };
}
