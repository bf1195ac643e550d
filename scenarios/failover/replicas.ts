import { Redis } from 'ioredis';
import type { Hands } from '../../lab/protocol.ts';
import type { Writer } from './writers.ts';

/** A data node of the trial's topology. */
export type RedisNode = NonNullable<Hands['topology']>['nodes'][number];

/** What readers of the replicas saw. */
export interface ReplicaReads {
  reads: number;
  /** Without a key whose write had been acknowledged before the read began. */
  stale: number;
  /** Longest time since such an acknowledgement, ms. */
  longestMs: number;
  stop(): void;
}

const EVERY_MS = 20;
const TIMEOUT_MS = 200;

/** Asks the replicas in turn for the newest acknowledged write. @param isCluster - They have to be told that reading is meant. */
export function readReplicas(
  hands: Hands,
  writer: Writer,
  nodes: readonly RedisNode[],
  isCluster: boolean,
): ReplicaReads {
  const clients = nodes.map(({ url }) => {
    const client = new Redis(url, {
      ...{ enableOfflineQueue: false, commandTimeout: TIMEOUT_MS, readOnly: isCluster },
      retryStrategy: () => 250,
    });
    client.on('error', () => {}); // a replica that is away is not read
    return client;
  });
  const seen = { reads: 0, stale: 0, longestMs: 0 };
  let turn = 0;

  async function read(): Promise<void> {
    const newest = writer.newest();
    const client = clients[turn % clients.length];
    turn += 1;
    if (newest?.ackUs === null || newest === null || client === undefined) return;
    const ageMs = (hands.nowUs() - newest.ackUs) / 1000;
    const value = await client.get(newest.key);
    seen.reads += 1;
    if (value !== null) return;
    seen.stale += 1;
    seen.longestMs = Math.max(seen.longestMs, ageMs);
  }

  const ticks = setInterval(() => void read().catch(() => {}), EVERY_MS);
  return {
    get reads() {
      return seen.reads;
    },
    get stale() {
      return seen.stale;
    },
    get longestMs() {
      return seen.longestMs;
    },
    stop() {
      clearInterval(ticks);
      for (const client of clients) client.disconnect();
    },
  };
}
