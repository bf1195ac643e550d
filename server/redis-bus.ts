import type { Redis } from 'ioredis';
import type { Bus, BusListener } from './cache/strategy.ts';
import { connectSubscriber, retryDelayMs } from './redis-connect.ts';

const PING_EVERY_MS = 250;

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
  let isClosed = false;
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

  function open(attempt = 0): void {
    const redis = connectSubscriber(options.url, attempt);
    redis.on('error', () => {}); // told by the connection of the commands
    redis.on('message', (_channel, key) => listener?.evict(key));
    redis.on('ready', () => void subscribe(redis));
    redis.on('close', lost);
    redis.on('end', () => {
      if (isClosed) return;
      clearInterval(pings);
      setTimeout(
        () => {
          if (!isClosed) open(attempt + 1);
        },
        retryDelayMs(attempt + 1),
      ).unref();
    });
    const pings = setInterval(() => {
      redis.ping().catch(() => {});
    }, PING_EVERY_MS).unref();
    connection = { redis, pings };
  }

  return {
    async publish(key) {
      await options.publish(channel, key);
    },
    listen(next) {
      listener = next;
      if (connection === null) open();
      if (isLinked) next.linked();
    },
    close() {
      isClosed = true;
      clearInterval(connection?.pings);
      connection?.redis.disconnect();
    },
  };
}
