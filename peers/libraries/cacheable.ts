import { createKeyv } from '@keyv/redis';
import { Cacheable } from 'cacheable';
import type { Peer, PeerOptions } from '../peer.ts';

/** Redis as its only level. Without `throwErrors` a load that fails would be a page without content. */
export function open({ redisUrl, prefix, ttlMs, load }: PeerOptions): Peer {
  const cache = new Cacheable({ primary: createKeyv(redisUrl, { namespace: prefix }), ttl: ttlMs });
  return {
    read: async (slug) =>
      (await cache.getOrSet(slug, () => load(slug), { ttl: ttlMs, throwErrors: true })) ?? null,
    forget: (slug) => cache.delete(slug),
    close: () => cache.disconnect(),
  };
}
