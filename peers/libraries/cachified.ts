import { cachified } from '@epic-web/cachified';
import { redisCacheAdapter } from 'cachified-redis-adapter';
import { createClient } from 'redis';
import type { Peer, PeerOptions } from '../peer.ts';

/** With the adapter for `redis` that its README names. */
export async function open({ redisUrl, prefix, ttlMs, load }: PeerOptions): Promise<Peer> {
  const client = await createClient({ url: redisUrl }).connect();
  const cache = redisCacheAdapter(client);
  return {
    read: (slug) =>
      cachified({ key: prefix + slug, cache, ttl: ttlMs, getFreshValue: () => load(slug) }),
    forget: async (slug) => cache.delete(prefix + slug),
    close: () => client.close(),
  };
}
