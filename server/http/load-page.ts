import { loadJoined } from '../catalog/joined.ts';
import { loadNaive } from '../catalog/naive.ts';
import type { Read } from '../cache/strategy.ts';
import type { PageLoad } from '../catalog/types.ts';
import type { Context } from '../context.ts';
import { PoolExhaustedError } from '../database/gate.ts';
import type { Phase } from '../page-stats.ts';
import { monotonicUs } from '../journal.ts';
import { Problem } from './problem.ts';

/** Slugs are lower-case words; what cannot be one is not asked for in Redis or Postgres. */
const SLUG = /^[a-z0-9][a-z0-9-]{0,63}$/;

/** A store that does not exist costs the one statement that finds no row. */
const SELECTS_OF_UNKNOWN = 1;

export function isSlug(text: string): boolean {
  return SLUG.test(text);
}

export function unknownStore(slug: string): Problem {
  return new Problem(404, `there is no store "${slug.slice(0, 64)}"`);
}

/**
 * Builds a page with the query of the policy in force.
 * @param phase - Phase to count the load in; null: it is not for a page request.
 * @throws Problem 503 when no database connection became free in time.
 */
export async function loadPage(
  context: Context,
  slug: string,
  phase: Phase | null,
): Promise<PageLoad | null> {
  const { query, isolation } = context.inForce.policy.settings;
  const { db, journal } = context;
  const startUs = journal === null ? 0 : monotonicUs();
  const startedAtMs = context.services.now();
  const startedMs = performance.now();
  const record = (selects: number, version: number, dishes: [number, number][]): void =>
    journal?.load({ slug, startUs, startedAtMs, selects, version, dishes });
  try {
    const page = await (query === 'joined'
      ? loadJoined(db, slug)
      : loadNaive(db, slug, undefined, isolation));
    const selects = page?.queries.length ?? SELECTS_OF_UNKNOWN;
    record(selects, page?.menuVersion ?? 0, page?.changedDishes ?? []);
    if (phase !== null)
      context.stats.loaded(phase, selects, (performance.now() - startedMs) / 1000);
    return page;
  } catch (error) {
    record(0, -1, []);
    throw databaseProblem(error);
  }
}

/** SELECTs that this read caused. */
export function selectsOf(read: Read): number {
  const { versionSelects = 0, loaded, entry, outcome } = read;
  if (loaded !== null) return loaded.queries.length + versionSelects;
  if (versionSelects > 0) return versionSelects;
  const asked = entry === null && (outcome === 'miss' || outcome === 'bypass');
  return asked ? SELECTS_OF_UNKNOWN : 0;
}

/**
 * Overload and loss of the database are answers, not accidents: 503 with `retry-after`. Anything else is passed on as
 * it is, and becomes a 500.
 */
export function databaseProblem(error: unknown): unknown {
  if (error instanceof PoolExhaustedError)
    return unavailable('every database connection is busy', error);
  if (isConnectionFailure(error)) return unavailable('the database gives no answer', error);
  return error;
}

function unavailable(what: string, cause: unknown): Problem {
  return new Problem(503, `${what}; try again in a second`, {
    headers: { 'retry-after': '1' },
    cause,
  });
}

/** System errors (ECONNREFUSED), SQLSTATE classes 08, 28, 3D, 53 and 57, and pg's own, which have no code. */
function isConnectionFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('code' in error && typeof error.code === 'string')
    return /^(E[A-Z]{3,}|(08|28|3D|53|57).*)$/.test(error.code);
  return /^(Connection terminated|timeout exceeded|Query read timeout)/.test(error.message);
}
