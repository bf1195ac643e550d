import type { Request, Response } from 'express';
import type { Context } from '../context.ts';

/** Needs the schema too: a database that was never loaded cannot serve a page. */
const CHECK_DATABASE = { name: 'ready_check', text: 'SELECT 1 FROM cachelab.stores LIMIT 1' };
const CHECK_TIMEOUT_MS = 2000;

/** `GET /healthz`: the process answers. */
export function serveHealth(_request: Request, response: Response): void {
  response.json({ status: 'ok' });
}

/**
 * `GET /readyz`: whether pages can be served. Without Postgres: 503. Without Redis: ready, but `degraded`, because
 * every page then comes from the database; and while the filter of all stores is not complete.
 */
export function serveReady(
  context: Context,
): (request: Request, response: Response) => Promise<void> {
  return async (_request, response) => {
    const [postgres, redis] = await Promise.all([
      check(() => context.db.readOne(CHECK_DATABASE, [], AbortSignal.timeout(CHECK_TIMEOUT_MS))),
      check(() => context.redis.ping()),
    ]);
    const filter = context.knownSlugs?.state() ?? 'off';
    const complete = redis === 'up' && filter !== 'loading';
    const status = postgres !== 'up' ? 'not ready' : complete ? 'ready' : 'degraded';
    response
      .status(postgres === 'up' ? 200 : 503)
      .set('cache-control', 'no-store')
      .json({ status, postgres, redis, ...(filter === 'off' ? {} : { filter }) });
  };
}

/** The error's own words: they name hosts and ports, no secrets, and are what an operator needs. */
async function check(ask: () => Promise<unknown>): Promise<string> {
  try {
    await ask();
    return 'up';
  } catch (error) {
    return `down: ${error instanceof Error ? describe(error) : 'unknown error'}`;
  }
}

/** A refused connection to a name with several addresses is an AggregateError without a message. */
function describe(error: Error): string {
  if (error.message !== '') return error.message;
  if (error instanceof AggregateError) return error.errors.map(String).join(', ');
  return error.name;
}
