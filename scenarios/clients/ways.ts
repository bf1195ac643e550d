import { Redis, type RedisOptions } from 'ioredis';
import { rankOf } from './closed-loop.ts';

/** Keys that the callers ask for, in turn; one key alone would stay in every cache of the CPU. */
const KEYS = 1000;
export const VALUE_BYTES = 500;
/** Values of one pipeline or MGET. */
export const BATCH = 10;
export const POOL_SIZE = 10;
const PINGS = 50;

/** A way to ask Redis, used by any number of callers at once. */
export interface Way {
  /** @returns Values received. */
  ask: (caller: number) => Promise<number>;
  close(): void;
}

export const WAYS = [
  'one-by-one',
  'pool',
  'shared',
  'auto-pipelined',
  'pipeline',
  'mget',
  'workers',
] as const;
export type WayName = (typeof WAYS)[number];

export const keyOf = (index: number): string => `value:${index % KEYS}`;

/** Fills a Redis with what the ways ask for. */
export async function fillValues(redis: Redis): Promise<void> {
  const value = 'x'.repeat(VALUE_BYTES);
  const filling = redis.pipeline();
  for (let index = 0; index < KEYS; index += 1) filling.set(keyOf(index), value);
  await filling.exec();
}

/** A client of a Redis on this host that does not come back by itself: a lost one ends the trial. */
export function clientOf(
  port: number,
  options: Pick<RedisOptions, 'enableAutoPipelining' | 'protocol'> = {},
): Redis {
  return new Redis({ host: '127.0.0.1', port, retryStrategy: () => null, ...options });
}

/**
 * Opens a way; all but `workers`, which is `shared` in two threads.
 * @param port - Of Redis, or of a link to it.
 */
export async function openWay(name: Exclude<WayName, 'workers'>, port: number): Promise<Way> {
  const size = name === 'pool' ? POOL_SIZE : 1;
  const clients = Array.from({ length: size }, () =>
    clientOf(port, { enableAutoPipelining: name === 'auto-pipelined' }),
  );
  const ask = askerOf(name, clients);
  await Promise.all(clients.map((client) => client.ping()));
  return {
    ask,
    close() {
      for (const client of clients) client.disconnect();
    },
  };
}

function askerOf(name: Exclude<WayName, 'workers'>, clients: readonly Redis[]): Way['ask'] {
  const [first] = clients as [Redis, ...Redis[]];
  let asked = 0;
  const nextKey = (): string => keyOf(asked++);
  const get = async (client: Redis): Promise<number> => {
    await client.getBuffer(nextKey());
    return 1;
  };
  switch (name) {
    case 'one-by-one':
    case 'pool': {
      const free = [...clients];
      const waiting: ((client: Redis) => void)[] = [];
      return async () => {
        const client = free.pop() ?? (await new Promise<Redis>((resolve) => waiting.push(resolve)));
        try {
          return await get(client);
        } finally {
          const next = waiting.shift();
          if (next === undefined) free.push(client);
          else next(client);
        }
      };
    }
    case 'shared':
    case 'auto-pipelined':
      return () => get(first);
    case 'pipeline':
      return async () => {
        const batch = first.pipeline();
        for (let index = 0; index < BATCH; index += 1) batch.getBuffer(nextKey());
        return (await batch.exec())?.length ?? 0;
      };
    case 'mget':
      return async () => {
        const keys = Array.from({ length: BATCH }, nextKey);
        return (await first.mgetBuffer(...keys)).length;
      };
    default:
      return name satisfies never;
  }
}

/** Median of a PING that nothing else is beside: the round trip as it is. */
export async function pingMs(port: number): Promise<number> {
  const client = clientOf(port);
  const times: number[] = [];
  for (let index = 0; index < PINGS; index += 1) {
    const startMs = performance.now();
    await client.ping();
    times.push(performance.now() - startMs);
  }
  client.disconnect();
  return rankOf(times, 0.5) ?? Number.NaN;
}
