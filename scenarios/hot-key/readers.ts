import type { Cluster, Redis } from 'ioredis';
import { clientOf } from '../clients/ways.ts';
import { COPIES, copyKey, HOT_KEY, LOCAL_ENTRIES, LOCAL_TTL_MS, valueOf } from './keys.ts';
import { openLocalCache } from './local-cache.ts';

/** What reads and writes need of a single Redis or of a Cluster. */
export type Store = Pick<Redis | Cluster, 'getBuffer' | 'set'>;

export const READERS = ['plain', 'local', 'tracking', 'copies'] as const;
export type ReaderName = (typeof READERS)[number];

/** A way to read a key that everybody wants. */
export interface Reader {
  /** @returns The value; null where there is none. */
  readHot(): Promise<Buffer | null>;
  readCold(key: string): Promise<Buffer | null>;
  /** GETs of the hot key that were sent. */
  hotGets(): number;
  close(): void;
}

const nowMs = (): number => performance.now();

/** @param random - 0 to 1, for the choice of a copy. @param port - Of the one Redis, which tracking needs; it knows no Cluster. */
export async function openReader(
  name: ReaderName,
  store: Store,
  { random, port }: { random: () => number; port: number },
): Promise<Reader> {
  let sent = 0;
  const getHot = (key: string = HOT_KEY): Promise<Buffer | null> => {
    sent += 1;
    return store.getBuffer(key);
  };
  const plain: Reader = {
    readHot: () => getHot(),
    readCold: (key) => store.getBuffer(key),
    hotGets: () => sent,
    close() {},
  };
  switch (name) {
    case 'plain':
      return plain;
    case 'copies':
      return { ...plain, readHot: () => getHot(copyKey(Math.floor(random() * COPIES))) };
    case 'local': {
      const cache = openLocalCache({ ttlMs: LOCAL_TTL_MS, entries: LOCAL_ENTRIES, now: nowMs });
      return {
        ...plain,
        readHot: () => cache.get(HOT_KEY, () => getHot()),
        readCold: (key) => cache.get(key, () => store.getBuffer(key)),
      };
    }
    case 'tracking': {
      const tracked = await openTracked(port);
      const cache = tracked.cache;
      return {
        readHot: () =>
          cache.get(HOT_KEY, () => {
            sent += 1;
            return tracked.client.getBuffer(HOT_KEY);
          }),
        readCold: (key) => cache.get(key, () => tracked.client.getBuffer(key)),
        hotGets: () => sent,
        close: () => tracked.close(),
      };
    }
    default:
      return name satisfies never;
  }
}

/**
 * Client-side caching: Redis remembers which keys this client has read and says when one of them changes.
 *
 * ioredis 6 speaks RESP3 but drops the push message `invalidate` (its DataHandler knows those of pub/sub alone), so this takes
 * the older form: the messages are redirected to a second connection, which speaks RESP2 and is subscribed to their channel.
 * A message may so overtake the reply that it is about: `forget` drops loads that are under way.
 */
async function openTracked(
  port: number,
): Promise<{ client: Redis; cache: ReturnType<typeof openLocalCache>; close(): void }> {
  const cache = openLocalCache({ ttlMs: null, entries: LOCAL_ENTRIES, now: () => 0 });
  const listener = clientOf(port, { protocol: 2 });
  const client = clientOf(port);
  const id = await listener.client('ID');
  await listener.subscribe('__redis__:invalidate');
  // ioredis declares one message; of this channel it is a list of keys, or null after a FLUSHALL.
  listener.on('messageBuffer', (_channel, message: unknown) => {
    if (!Array.isArray(message)) cache.forgetAll();
    else for (const key of message as unknown[]) cache.forget(String(key));
  });
  await client.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', id);
  return {
    client,
    cache,
    close() {
      client.disconnect();
      listener.disconnect();
    },
  };
}

/** Writes a version of the hot value to wherever the way's readers look. @returns Commands that it took. */
export async function writeHot(name: ReaderName, store: Store, version: number): Promise<number> {
  const keys =
    name === 'copies' ? Array.from({ length: COPIES }, (_, index) => copyKey(index)) : [HOT_KEY];
  // One after the other, as a loop over the copies does: in a Cluster they have no transaction in common.
  for (const key of keys) await store.set(key, valueOf(version));
  return keys.length;
}
