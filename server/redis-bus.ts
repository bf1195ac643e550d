import { Redis } from 'ioredis';
import type { Bus, BusListener } from './cache/strategy.ts';

const PING_EVERY_MS = 250;
const SOCKET_TIMEOUT_MS = 1000;
const RETRY_MAX_MS = 250;

/** A bus over Redis's PUBLISH, on a connection of its own for what is heard. */
export interface RedisBus extends Bus {
  close(): void;
}

/**
 * Opens its connection for the first listener. Messages are not kept by Redis: from the loss of the link until
 * SUBSCRIBE is answered again they are missed, and the listener is told.
 * @param options - `publish`: sends on the connection that also sends the DEL before it, so that they arrive in order.
 */
export function createRedisBus(options: {
  url: string;
  channel: string;
  publish(channel: string, message: string): Promise<unknown>;
}): RedisBus {
  const { channel } = options;
  let listener: BusListener | null = null;
  let isLinked = false;
  let connection: { redis: Redis; pings: NodeJS.Timeout } | null = null;

  function lost(): void {
    if (isLinked) listener?.lost();
    isLinked = false;
  }

  async function subscribe(redis: Redis): Promise<void> {
    try {
      await redis.subscribe(channel);
      isLinked = true;
      listener?.linked();
    } catch {
      redis.disconnect(true); // and again
    }
  }

  function open(): { redis: Redis; pings: NodeJS.Timeout } {
    const redis = new Redis(options.url, {
      autoResubscribe: false,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      connectTimeout: 1000,
      // A link that is dead without a word: a ping waits, and this clock cuts it.
      socketTimeout: SOCKET_TIMEOUT_MS,
      disableClientInfo: true,
      retryStrategy: (attempt) => Math.min(attempt * 50, RETRY_MAX_MS),
    });
    redis.on('error', () => {}); // told by the connection of the commands
    redis.on('message', (_channel, key) => listener?.evict(key));
    redis.on('ready', () => void subscribe(redis));
    redis.on('close', lost);
    const pings = setInterval(() => {
      redis.ping().catch(() => {});
    }, PING_EVERY_MS).unref();
    return { redis, pings };
  }

  return {
    async publish(key) {
      await options.publish(channel, key);
    },
    listen(next) {
      listener = next;
      connection ??= open();
      if (isLinked) next.linked();
    },
    close() {
      clearInterval(connection?.pings);
      connection?.redis.disconnect();
    },
  };
}
