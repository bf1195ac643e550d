/** Names of everything that the server keeps in Redis, below its own prefix. */
export interface Keys {
  catalog(slug: string): string;
  rebuildLock(slug: string): string;
  /** Beginning of the keys of a `cached()` wrapper. */
  wrapper(prefix: string): string;
  /** Channel on which processes tell each other which page is old. */
  evictions: string;
  /** Beginnings of all of the above: what `POST /lab/cache/clear` deletes, and nothing else. */
  families: readonly string[];
}

/** Prefix of the wrapper behind `/catalog/v2`. */
export const CATALOG_V2_PREFIX = 'store_catalog_v2';

export function createKeys(prefix: string): Keys {
  const families = ['store_catalog:', 'rebuild_lock:', `${CATALOG_V2_PREFIX}:`];
  return {
    catalog: (slug) => `${prefix}store_catalog:${slug}`,
    rebuildLock: (slug) => `${prefix}rebuild_lock:${slug}`,
    wrapper: (name) => `${prefix}${name}:`,
    evictions: `${prefix}l1_evictions`,
    families: families.map((family) => prefix + family),
  };
}
