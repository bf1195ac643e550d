import type { Redis } from 'ioredis';
import type { Protocol } from '../../lab/protocol.ts';

/** Pages in use, beside the restaurant's. */
export const STORES = 1000;
/** Room for copies: some hundred pages. */
export const ROOM_BYTES: number = 300 * 1024;

/** Leaves Redis little room, sends visitors, and counts what became of pages and copies. */
export const protocol: Protocol = {
  async run(hands) {
    const { redis, arm } = hands;
    const isLimited = arm.role !== 'bound';
    if (isLimited) {
      const used = await infoNumber(redis, 'memory', 'used_memory');
      await redis.config('SET', 'maxmemory-policy', arm.name);
      await redis.config('SET', 'maxmemory', used + ROOM_BYTES);
    }
    const before = await hands.stats();
    const running = hands.load({ extra: { stores: STORES } });
    const load = await running.done;
    const after = await hands.stats();
    const counted = (event: string): number =>
      (after.cacheEvents[event] ?? 0) - (before.cacheEvents[event] ?? 0);
    const evicted = await infoNumber(redis, 'stats', 'evicted_keys');
    const { counts, clientOutcomes } = load.measurement;
    const [filled, refused] = [counted('filled'), counted('fill-failed')];
    const hits = clientOutcomes.hit ?? 0;
    return {
      load,
      findings: {
        totals: {
          ...{ pages: counts.started, failed: counts.failed, hits, filled, refused, evicted },
        },
        samples: {
          hitRatio: [hits / Math.max(1, counts.completed)],
          failedShare: [counts.failed / Math.max(1, counts.started)],
        },
        series: [],
        notes: [],
      },
      problems: isLimited && refused + evicted === 0 ? ['memory was never full'] : [],
    };
  },
};

async function infoNumber(redis: Redis, section: string, name: string): Promise<number> {
  const line = new RegExp(`^${name}:(\\d+)`, 'm').exec(await redis.info(section));
  return Number(line?.[1] ?? Number.NaN);
}
