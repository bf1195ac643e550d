/** Names of everything that the server keeps in Redis, below its own prefix. */
export interface Keys {
  catalog(slug: string): string;
  /** The slug of `catalog(slug)`. */
  slugOf(catalogKey: string): string;
  rebuildLock(slug: string): string;
  /** Beginning of `catalog` of every slug, and of the keys beside it. */
  catalogs: string;
  /** Beginning of the keys of a `cached()` wrapper. */
  wrapper(prefix: string): string;
  /** Channel on which processes tell each other which page is old. */
  evictions: string;
  /** Beginnings of all of the above: what `POST /lab/cache/clear` deletes, and nothing else. */
  families: readonly string[];
}

/** Prefix of the wrapper behind `/catalog/v2`. */
export const CATALOG_V2_PREFIX = 'store_catalog_v2';

/**
 * @param options - `hashTags`: in a cluster, where a script may use keys of one slot alone, the slug stands in braces: a page, its
 *   lock, its lease and its floor then have one slot.
 */
export function createKeys(prefix: string, options: { hashTags?: boolean } = {}): Keys {
  const catalogs = `${prefix}store_catalog:`;
  const [open, close] = options.hashTags === true ? ['{', '}'] : ['', ''];
  const families = ['store_catalog:', 'rebuild_lock:', `${CATALOG_V2_PREFIX}:`];
  return {
    catalog: (slug) => `${catalogs}${open}${slug}${close}`,
    slugOf: (key) => key.slice(catalogs.length + open.length, key.length - close.length),
    catalogs,
    rebuildLock: (slug) => `${prefix}rebuild_lock:${slug}`,
    wrapper: (name) => `${prefix}${name}:`,
    evictions: `${prefix}l1_evictions`,
    families: families.map((family) => prefix + family),
  };
}
