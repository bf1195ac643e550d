import { Redis } from 'ioredis';
import { commandStats, infoNumber } from '../clients/command-stats.ts';

/** What one node did since the counters began. */
export interface NodeWork {
  name: string;
  gets: number;
  cpuSeconds: number;
}

/** Counters of all nodes by their own figures. */
export interface NodeCounters {
  begin(): Promise<void>;
  end(): Promise<NodeWork[]>;
  close(): void;
}

/** @param nodes - Each with a URL of its own. */
export function countNodes(nodes: readonly { name: string; url: string }[]): NodeCounters {
  const clients = nodes.map(({ name, url }) => ({ name, redis: new Redis(url) }));
  let before: number[] = [];
  return {
    async begin() {
      before = await Promise.all(
        clients.map(async ({ redis }) => {
          await redis.config('RESETSTAT');
          return cpuSeconds(redis);
        }),
      );
    },
    end: () =>
      Promise.all(
        clients.map(async ({ name, redis }, index) => {
          const used = (await cpuSeconds(redis)) - (before[index] ?? 0);
          return {
            name,
            gets: (await commandStats(redis)).get('get')?.calls ?? 0,
            cpuSeconds: used,
          };
        }),
      ),
    close() {
      for (const { redis } of clients) redis.disconnect();
    },
  };
}

async function cpuSeconds(redis: Redis): Promise<number> {
  return (
    (await infoNumber(redis, 'cpu', 'used_cpu_user')) +
    (await infoNumber(redis, 'cpu', 'used_cpu_sys'))
  );
}
