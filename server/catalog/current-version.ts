import type { Database } from '../database/database.ts';
import { SELECT_VERSION } from './statements.ts';

/**
 * `menu_version` of a store: one statement by the index of the slug, in one round trip.
 * @returns Null if there is no such store.
 * @throws what `Database` throws.
 */
export async function currentVersion(db: Database, slug: string): Promise<number | null> {
  const [row] = await db.readOne<{ menu_version: number }>(SELECT_VERSION, [slug]);
  return row?.menu_version ?? null;
}
