import type { ChainableCommander, Redis } from 'ioredis';

/** A connection that counts its round trips: commands sent together are one. */
export class Trips {
  count = 0;
  private readonly redis: Redis;

  constructor(redis: Redis) {
    this.redis = redis;
  }

  /** One command, awaited. */
  one<T>(command: (redis: Redis) => Promise<T>): Promise<T> {
    this.count += 1;
    return command(this.redis);
  }

  /**
   * Commands in one pipeline.
   * @returns The replies in their order. @throws the first error among them.
   */
  async together(add: (pipeline: ChainableCommander) => void): Promise<unknown[]> {
    this.count += 1;
    const pipeline = this.redis.pipeline();
    add(pipeline);
    const replies = (await pipeline.exec()) ?? [];
    return replies.map(([error, reply]) => {
      if (error !== null) throw error;
      return reply;
    });
  }
}
