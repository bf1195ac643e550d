import { BentoCache, bentostore } from 'bentocache';
import { redisDriver } from 'bentocache/drivers/redis';
import { Redis } from 'ioredis';
import type { Peer, PeerOptions } from '../peer.ts';

/** One level, as in "One-level" of its documentation: Redis, with its stampede protection as it comes. */
export function open({ redisUrl, prefix, ttlMs, load }: PeerOptions): Peer {
  const connection = new Redis(redisUrl);
  const bento = new BentoCache({
    default: 'redis',
    prefix,
    stores: { redis: bentostore().useL2Layer(redisDriver({ connection })) },
  });
  return {
    read: (slug) => bento.getOrSet({ key: slug, ttl: ttlMs, factory: () => load(slug) }),
    forget: (slug) => bento.delete({ key: slug }),
    close: () => bento.disconnectAll(),
  };
}
