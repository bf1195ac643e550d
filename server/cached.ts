import { createHash } from 'node:crypto';
import { cacheAside, defaultSlots } from './cache/cache-aside.ts';
import type { Load, Read, Services } from './cache/strategy.ts';

/** What tells calls apart; must survive JSON. */
type Argument = string | number | boolean | null;

export interface CachedOptions<Arguments extends Argument[]> {
  /** Beginning of every key of this wrapper, with its separator. */
  prefix: string;
  ttlMs: number;
  /** Rest of the key. Default: `defaultKey`. */
  key?: (...values: Arguments) => string;
}

/**
 * Cache-aside around any function that loads a document: same function, same arguments, one copy in Redis.
 * Copies end with their TTL alone; no write deletes them.
 */
export function cached<Arguments extends Argument[]>(
  services: Services,
  options: CachedOptions<Arguments>,
  load: (...values: Arguments) => ReturnType<Load>,
): (...values: Arguments) => Promise<Read> {
  const strategy = cacheAside(services, options.ttlMs, defaultSlots(services));
  const key = options.key ?? ((...values: Arguments) => defaultKey(load.name, values));
  return (...values) => strategy.get(options.prefix + key(...values), () => load(...values));
}

/**
 * The function's name and 8 hex digits of a hash of the arguments. 32 bits: among 10,000 different calls two share a
 * key with a chance of 1 %, and one gets the other's document. Give a key builder where that matters.
 */
export function defaultKey(name: string, values: readonly Argument[]): string {
  const hash = createHash('sha256').update(JSON.stringify(values)).digest('hex');
  return `${name}:${hash.slice(0, 8)}`;
}
