import type { Request, Response } from 'express';
import type { Read } from '../server/cache/strategy.ts';
import type { Context } from '../server/context.ts';
import { isSlug, unknownStore } from '../server/http/load-page.ts';
import { sendProblem, toProblem } from '../server/http/problem.ts';
import { monotonicUs } from '../server/journal.ts';
import type { Loads } from './loads.ts';
import type { Peer } from './peer.ts';

/**
 * `GET /stores/:slug/catalog` as a user of such a library writes it: `response.json(await cache.get(…))`. Counters,
 * journal and headers are the store's, so that the lab drives both alike.
 */
export function servePeerPage(
  context: Context,
  peer: Peer,
  loads: Loads,
): (request: Request<{ slug: string }>, response: Response) => Promise<void> {
  const { stats, journal } = context;
  return async (request, response) => {
    const startedMs = performance.now();
    const startUs = journal === null ? 0 : monotonicUs();
    const phase = request.headers['x-lab-phase'] === 'measure' ? 'measure' : 'other';
    const { slug } = request.params;
    const micros = (): number => (performance.now() - startedMs) * 1000;
    const record = (status: number, outcome: Read['outcome'] | null, version: number): void =>
      journal?.read({
        slug,
        startUs,
        status,
        outcome,
        version,
        loadedAtMs: 0, // these libraries do not keep it
        session: 0,
        measured: phase === 'measure',
      });
    try {
      if (!isSlug(slug)) throw unknownStore(slug);
      loads.phase = phase;
      const watch = loads.watch(slug);
      const catalog = await peer.read(slug);
      const { outcome, selects } = watch.ended();
      if (catalog === null) throw unknownStore(slug);
      response.set({
        'cache-control': 'no-store',
        'x-cache-outcome': outcome,
        'x-menu-version': String(catalog.menuVersion),
        'x-db-queries': String(selects),
      });
      response.json(catalog);
      stats.served(phase, slug, outcome, catalog.menuVersion, micros());
      record(200, outcome, catalog.menuVersion);
    } catch (error) {
      const problem = toProblem(error);
      stats.refused(phase, problem.status, null, micros());
      record(problem.status, null, 0);
      if (problem.status === 500) context.log.error({ err: error, slug }, 'page failed');
      sendProblem(response, problem);
    }
  };
}
