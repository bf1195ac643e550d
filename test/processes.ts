import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { vi } from 'vitest';
import { buildStrategy, resolvePolicy } from '../server/cache/policy.ts';
import type { CacheEvent, Load, Services, Store, Strategy } from '../server/cache/strategy.ts';
import { createRedis } from '../server/redis.ts';
import type { GuardedRedis } from '../server/redis.ts';
import { testStack } from './stack.ts';

/** The caches of several server processes: each has memory and a Redis connection of its own. */
export interface Processes {
  redisUrl: string;
  connections: GuardedRedis[];
  raw: Redis;
  /** What the policies counted since the last `build`, over all processes. */
  events: Partial<Record<CacheEvent, number>>;
  /** Added to the clock of all. */
  aheadMs: number;
  /** One strategy per process. @param change - Other services for process `index`. */
  build(policy: unknown, change?: (services: Services, index: number) => Services): Strategy[];
  newKey(): string;
  close(): Promise<void>;
}

export async function openProcesses(count: number): Promise<Processes> {
  const { redisUrl } = await testStack();
  const raw = new Redis(redisUrl);
  const connections = Array.from({ length: count }, () =>
    createRedis({ url: redisUrl, timeoutMs: 2000, onChange: () => {} }),
  );
  for (const one of connections)
    await vi.waitUntil(() => one.ping().then(Number.isFinite, () => false), { timeout: 5000 });
  let keys = 0;
  const processes: Processes = {
    redisUrl,
    connections,
    raw,
    events: {},
    aheadMs: 0,
    build(policy, change = (services) => services) {
      const events: Processes['events'] = {};
      processes.events = events;
      const { settings } = resolvePolicy(policy);
      return connections.map((store, index) => {
        const services: Services = {
          store,
          now: () => Date.now() + processes.aheadMs,
          random: () => 0.5,
          count: (event) => {
            events[event] = (events[event] ?? 0) + 1;
          },
        };
        return buildStrategy(settings, change(services, index));
      });
    },
    newKey: () => `processes:${process.pid}:${(keys += 1)}`,
    async close() {
      await connections[0]?.clear([`processes:${process.pid}:`]);
      for (const one of connections) one.close();
      raw.disconnect();
    },
  };
  return processes;
}

/** A menu that can be changed and takes its time to load. */
export class Menu {
  version = 1;
  loads = 0;
  /** How long a load takes, after it has read the version. */
  loadMs = 0;
  failure: Error | null = null;

  readonly load: Load = async () => {
    const { version } = this;
    this.loads += 1;
    const began = performance.now();
    await sleep(this.loadMs);
    if (this.failure !== null) throw this.failure;
    return {
      body: Buffer.from(`{"version":${version}}`),
      menuVersion: version,
      queries: [{}],
      micros: (performance.now() - began) * 1000,
    };
  };

  /** Resolves when one more load has begun. */
  async begun(loads: number): Promise<void> {
    await vi.waitUntil(() => this.loads >= loads, { timeout: 5000, interval: 1 });
  }
}

/** The same store, with one method that waits before it is sent. */
export function delayed(
  store: Store,
  method: 'run' | 'setIfAbsent',
  until: () => Promise<void>,
): Store {
  return {
    ...store,
    async setIfAbsent(key, value, ttlMs) {
      if (method === 'setIfAbsent') await until();
      return store.setIfAbsent(key, value, ttlMs);
    },
    async run(script, keys, values) {
      if (method === 'run') await until();
      return store.run(script, keys, values);
    },
  };
}
