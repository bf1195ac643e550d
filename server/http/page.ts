import type { Request, Response } from 'express';
import type { Read } from '../cache/strategy.ts';
import type { Context } from '../context.ts';
import { monotonicUs, sessionOf } from '../journal.ts';
import { isSlug, loadPage, selectsOf, unknownStore } from './load-page.ts';
import { sendProblem, toProblem } from './problem.ts';
import { ageSeconds, cacheStatus, sendPage } from './send-page.ts';

/**
 * `GET /stores/:slug/catalog`: the page that everything here is about. On a hit: one GET, 24 bytes of header read, the
 * rest sent as it is.
 */
export function servePage(
  context: Context,
): (request: Request<{ slug: string }>, response: Response) => Promise<void> {
  const { stats, keys, services, journal } = context;
  return async (request, response) => {
    const startedMs = performance.now();
    const startUs = journal === null ? 0 : monotonicUs();
    const phase = request.headers['x-lab-phase'] === 'measure' ? 'measure' : 'other';
    const { slug } = request.params;
    let outcome: Read['outcome'] | null = null;
    // Without a journal a hit pays nothing for it.
    const record =
      journal === null
        ? null
        : (status: number, version: number, loadedAtMs: number): void => {
            const session = sessionOf(request.headers['x-lab-session']);
            const measured = phase === 'measure';
            journal.read({
              slug,
              startUs,
              status,
              outcome,
              version,
              loadedAtMs,
              session,
              measured,
            });
          };
    try {
      if (!isSlug(slug)) throw unknownStore(slug);
      const read = await context.inForce.strategy.get(keys.catalog(slug), () =>
        loadPage(context, slug, phase),
      );
      const { entry } = read;
      outcome = read.outcome;
      if (read.versionSelects !== undefined) stats.selected(phase, read.versionSelects);
      const nowMs = services.now();
      if (entry === null) {
        response.set({
          'cache-status': cacheStatus(read, nowMs),
          'x-cache-outcome': outcome,
          'x-db-queries': String(selectsOf(read)),
          ...(read.absence === undefined ? {} : { age: ageSeconds(read.absence, nowMs) }),
        });
        throw unknownStore(slug);
      }
      sendPage(request, response, read, entry, { startedMs, nowMs });
      const milliseconds = performance.now() - startedMs;
      stats.served(phase, slug, outcome, entry.menuVersion, milliseconds * 1000);
      record?.(200, entry.menuVersion, entry.loadStartedAtMs);
      context.slow(slug, milliseconds);
    } catch (error) {
      const problem = toProblem(error);
      stats.refused(phase, problem.status, outcome, (performance.now() - startedMs) * 1000);
      record?.(problem.status, 0, 0);
      if (problem.status === 500) context.log.error({ err: error, slug }, 'page failed');
      sendProblem(response, problem);
    }
  };
}
