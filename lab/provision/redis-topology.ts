/**
 * Several Redis processes on loopback that act as one.
 * `replicated`: a primary and two replicas, and nobody who promotes one. `sentinel`: the same with three sentinels, quorum 2.
 * `cluster`: three primaries with a replica each.
 */
export type TopologyKind = 'replicated' | 'sentinel' | 'cluster';

/** One data node. */
export interface RedisNode {
  /** `redis-1`, `redis-2`, …: in the order in which they were started. */
  readonly name: string;
  readonly port: number;
  /** `redis://127.0.0.1:PORT` */
  readonly url: string;
  readonly pid: number;
  freeze(): void;
  thaw(): void;
  /**
   * Nobody reaches it any more, and connections to it break. A cluster's node is stopped too (SIGSTOP): it would go on telling
   * the others that it lives. @throws LabError `E_NO_LINK`
   */
  cut(): void;
  /** It can be reached again. @throws LabError `E_NO_LINK` */
  heal(): void;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** After `kill`: on the same port, with the data folder as it is. */
  restart(): Promise<void>;
}

export interface RedisTopology {
  readonly kind: TopologyKind;
  /**
   * What a server is given as CACHELAB_REDIS_URL: `redis://` of an address that leads to the primary and moves with `failover`,
   * `redis+sentinel://HOST:PORT,HOST:PORT,HOST:PORT/NAME`,
   * or `redis+cluster://HOST:PORT,…`.
   */
  readonly url: string;
  readonly nodes: readonly RedisNode[];
  /** Sentinels alone; empty in the other kinds. */
  readonly sentinels: readonly RedisNode[];
  /**
   * The node that takes writes of a key now, as most of the living nodes see it.
   * @param key - Matters in a cluster. @returns null while there is none.
   */
  primary(key?: string): Promise<RedisNode | null>;
  /**
   * Makes a replica the primary by command: `SENTINEL FAILOVER`, `CLUSTER FAILOVER`, and without either by hand: the first replica
   * that lives is promoted, the others follow it, and the address is moved.
   * @param key - Whose shard, in a cluster.
   * @throws LabError `E_TOPOLOGY` when no replica takes over.
   */
  failover(key?: string): Promise<void>;
  stop(): Promise<void>;
}
