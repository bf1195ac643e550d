import type { Redis } from 'ioredis';
import { smallKey } from './plan.ts';

/** One entry of Redis's SLOWLOG: time inside the server, without waiting and without the way of the reply. */
export interface SlowCommand {
  ms: number;
  words: string[];
}

const MOST_ENTRIES = 20_000;
const SMALL_KEYS = smallKey(0).slice(0, -1);

/**
 * The server's own log of slow commands, with a threshold of our own.
 * @param thresholdMs - What takes less is not in it.
 */
export async function slowLog(
  redis: Redis,
  thresholdMs: number,
): Promise<{ reset(): Promise<void>; read(): Promise<SlowCommand[]> }> {
  await redis.config('SET', 'slowlog-log-slower-than', Math.round(thresholdMs * 1000));
  await redis.config('SET', 'slowlog-max-len', MOST_ENTRIES);
  return {
    async reset() {
      await redis.slowlog('RESET');
    },
    async read() {
      return entriesOf(await redis.slowlog('GET', MOST_ENTRIES));
    },
  };
}

/** Number, time stamp, microseconds, words, and more that is not needed. */
function entriesOf(reply: unknown): SlowCommand[] {
  if (!Array.isArray(reply)) throw new Error('SLOWLOG GET gave no list');
  return reply.map((entry: unknown) => {
    if (!Array.isArray(entry) || !Array.isArray(entry[3]))
      throw new Error('SLOWLOG GET gave an entry of another shape');
    return { ms: Number(entry[2]) / 1000, words: entry[3].map(String) };
  });
}

/** Times of these commands; reads of small keys among them are not ours. */
export function commandsOf(entries: readonly SlowCommand[], names: readonly string[]): number[] {
  return entries
    .filter(({ words: [name = '', key = ''] }) => {
      return names.includes(name.toUpperCase()) && !key.startsWith(SMALL_KEYS);
    })
    .map(({ ms }) => ms);
}
