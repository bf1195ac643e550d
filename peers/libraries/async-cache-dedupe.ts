import { createCache } from 'async-cache-dedupe';
import { Redis } from 'ioredis';
import type { Peer, PeerOptions } from '../peer.ts';

/** Storage `redis`; whole seconds, as it asks. */
export function open({ redisUrl, prefix, ttlMs, load }: PeerOptions): Peer {
  const client = new Redis(redisUrl, { keyPrefix: prefix });
  const cache = createCache({
    ttl: Math.max(1, Math.round(ttlMs / 1000)),
    storage: { type: 'redis', options: { client } },
  }).define('page', load);
  return {
    read: (slug) => cache.page(slug),
    forget: (slug) => cache.clear('page', slug),
    close: () => client.quit(),
  };
}
