import { setTimeout as sleep } from 'node:timers/promises';
import { COLD_KEYS, coldKey, HOT_SHARE, READS_PER_SECOND, versionOf } from './keys.ts';
import type { Reader } from './readers.ts';
import type { Watch } from './watch.ts';

const TICK_MS = 1;

/**
 * Reads on a schedule, whatever the answers do: of the hot key with its share, else of any cold one.
 * @returns How many, and how long each took from its scheduled start.
 */
export async function runTraffic(
  { seconds, random }: { seconds: number; random: () => number },
  reader: Reader,
  watch: Watch,
): Promise<{ reads: number; latenciesMs: number[] }> {
  const startMs = performance.now();
  const total = Math.round(seconds * READS_PER_SECOND);
  const latenciesMs: number[] = [];
  const underWay: Promise<void>[] = [];

  const read = async (dueMs: number): Promise<void> => {
    const begunMs = performance.now();
    if (random() >= HOT_SHARE) {
      await reader.readCold(coldKey(Math.floor(random() * COLD_KEYS)));
    } else {
      const value = await reader.readHot();
      watch.read(begunMs, performance.now(), versionOf(value));
    }
    latenciesMs.push(performance.now() - dueMs);
  };
  for (let next = 0; next < total; ) {
    const dueMs = (at: number): number => startMs + (at * 1000) / READS_PER_SECOND;
    for (; next < total && dueMs(next) <= performance.now(); next += 1) {
      underWay.push(read(dueMs(next)));
    }
    await sleep(TICK_MS);
  }
  await Promise.all(underWay);
  return { reads: total, latenciesMs };
}
