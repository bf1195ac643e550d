import { createKeyv } from '@keyv/redis';
import { createCache } from 'cache-manager';
import type { Peer, PeerOptions } from '../peer.ts';

/** One store, Redis by Keyv, and `wrap`. */
export function open({ redisUrl, prefix, ttlMs, load }: PeerOptions): Peer {
  const cache = createCache({ stores: [createKeyv(redisUrl, { namespace: prefix })], ttl: ttlMs });
  return {
    read: (slug) => cache.wrap(slug, () => load(slug)),
    forget: (slug) => cache.del(slug),
    close: () => cache.disconnect(),
  };
}
