import { LabError } from '../../lab/errors.ts';
import type { Hands } from '../../lab/protocol.ts';
import type { Findings } from '../../lab/result.ts';
import { shuffled } from '../../lab/seeded-random.ts';
import { EVERY_KEY_EXPIRES, ReplayClient, writesOf } from '../../lab/sim/redis-replay.ts';
import type { MaxmemoryPolicy } from '../../sim/redis/redis.ts';
import { cpuSeconds } from './replays.ts';

/** Keys in a full server, and keys written at a time: the table of keys never grows meanwhile. */
const KEYS = 20_000;
const WRITTEN = 4_000;
/** Keys written before each measurement, under the setting to be measured. */
const SETTLING = 200;
/** Short and many, in an order drawn anew: what else the machine does meets all settings alike. */
const REPETITIONS = 40;

interface SamplingCell {
  name: string;
  /** Null: there is room, nothing is evicted. */
  policy: MaxmemoryPolicy | null;
  samples: number;
}

const CELLS: readonly SamplingCell[] = [
  { name: 'room', policy: null, samples: 5 },
  { name: 'allkeys-random', policy: 'allkeys-random', samples: 5 },
  ...[3, 5, 10].map((samples) => ({
    ...{ name: `allkeys-lru-${samples}`, policy: 'allkeys-lru' as const, samples },
  })),
  { name: 'allkeys-lfu-5', policy: 'allkeys-lfu', samples: 5 },
  { name: 'volatile-ttl-5', policy: 'volatile-ttl', samples: 5 },
];

/** Names of those that evict. */
export const SAMPLING_NAMES: readonly string[] = CELLS.filter(({ policy }) => policy !== null).map(
  ({ name }) => name,
);

/** Measured on 2 cores. */
export const SAMPLING_SECONDS: number = REPETITIONS * CELLS.length * 0.04 + 1;

/**
 * What an eviction costs Redis: CPU of SETs that push out a key each, less that of SETs that have room, over the keys evicted.
 * Freeing the victim is in it.
 */
export async function runSampling(
  hands: Hands,
): Promise<{ findings: Findings; problems: string[] }> {
  const { ownRedis, random, seed } = hands;
  if (ownRedis === null) throw new LabError('E_EXPERIMENT', 'sampling needs a Redis of its own');
  const findings: Findings = { totals: {}, samples: {}, series: [], notes: [] };
  const problems: string[] = [];
  const client = await ReplayClient.open(ownRedis.url);
  const write = writesOf(EVERY_KEY_EXPIRES, seed);
  const push = (name: string, value: number): void => {
    (findings.samples[name] ??= []).push(value);
  };
  let next = 0;
  const writeNew = async (keys: number): Promise<void> => {
    await client.fill(next, next + keys, write);
    next += keys;
  };
  const evictedKeys = (): Promise<number> => client.info('stats', 'evicted_keys');
  try {
    const roomBytes = await client.bytesOf(KEYS, write);
    await client.prepare({}, write, roomBytes);
    const maxmemory = (await client.info('memory', 'used_memory')) + roomBytes;
    await writeNew(KEYS);
    for (let repetition = 0; repetition < REPETITIONS; repetition += 1) {
      const costs = new Map<string, { micros: number; evicted: number }>();
      for (const { name, policy, samples } of shuffled(CELLS, random)) {
        await client.set({
          'maxmemory-policy': policy ?? 'allkeys-random',
          'maxmemory-samples': samples,
          maxmemory,
        });
        await writeNew(SETTLING);
        if (policy === null) await client.set({ maxmemory: 0 });
        const [evictedBefore, cpuBefore] = [await evictedKeys(), await cpuSeconds(client)];
        await writeNew(WRITTEN);
        const micros = ((await cpuSeconds(client)) - cpuBefore) * 1e6;
        costs.set(name, { micros, evicted: (await evictedKeys()) - evictedBefore });
        push(`cpuMicrosPerWrite ${name}`, micros / WRITTEN);
      }
      const room = costs.get('room')!.micros;
      for (const name of SAMPLING_NAMES) {
        const { micros, evicted } = costs.get(name)!;
        push(`cpuMicrosPerEviction ${name}`, (micros - room) / Math.max(1, evicted));
        if (evicted < WRITTEN * 0.9)
          problems.push(`${name}: ${evicted} evictions for ${WRITTEN} writes`);
      }
    }
  } finally {
    client.close();
  }
  return { findings, problems: problems.slice(0, 3) };
}
