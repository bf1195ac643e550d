import type { Request, Response } from 'express';
import { z } from 'zod';
import { plainBody } from '../cache/entry.ts';
import type { Context } from '../context.ts';
import { isSlug, loadPage, selectsOf } from './load-page.ts';
import { parseOrRefuse } from './problem.ts';

/** Most stores in one request: each miss is a page of its own. */
const MAX_SLUGS = 20;

const querySchema = z.object({
  slugs: z
    .string(`up to ${MAX_SLUGS} slugs, separated by commas`)
    .transform((text) => [...new Set(text.split(',').filter((slug) => slug !== ''))])
    .refine((slugs) => slugs.length > 0, 'at least one slug')
    .refine((slugs) => slugs.length <= MAX_SLUGS, `at most ${MAX_SLUGS} slugs`)
    .refine((slugs) => slugs.every(isSlug), 'a slug has only a-z, 0-9 and -, at most 64 of them'),
});

/**
 * `GET /stores/batch-catalog?slugs=a,b`: several pages for one round trip to Redis; what is missing there is loaded
 * and filled. `{"catalogs":{"a":{…}},"outcomes":{"a":"hit"},"unknown":["c"]}`, put together from bytes, not parsed.
 */
export function serveBatch(
  context: Context,
): (request: Request, response: Response) => Promise<void> {
  const { keys } = context;
  return async (request, response) => {
    const { slugs } = parseOrRefuse(querySchema, request.query, 'query');
    const slugOf = new Map(slugs.map((slug) => [keys.catalog(slug), slug]));
    const reads = await context.inForce.strategy.getMany([...slugOf.keys()], (key) =>
      loadPage(context, slugOf.get(key) ?? '', null),
    );
    const catalogs: Buffer[] = [];
    const outcomes: Record<string, string> = {};
    const unknown: string[] = [];
    let selects = 0;
    for (const [index, read] of reads.entries()) {
      const slug = slugs[index] ?? '';
      outcomes[slug] = read.outcome;
      selects += selectsOf(read);
      if (read.entry === null) {
        unknown.push(slug);
        continue;
      }
      const comma = catalogs.length === 0 ? '' : ',';
      catalogs.push(Buffer.from(`${comma}${JSON.stringify(slug)}:`), plainBody(read.entry));
    }
    const rest = JSON.stringify({ outcomes, unknown }).slice(1);
    response.set({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'x-db-queries': String(selects),
    });
    response.end(
      Buffer.concat([Buffer.from('{"catalogs":{'), ...catalogs, Buffer.from(`},${rest}`)]),
    );
  };
}
