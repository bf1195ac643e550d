import { LabError } from '../../lab/errors.ts';
import type { Hands } from '../../lab/protocol.ts';
import type { Findings } from '../../lab/result.ts';
import { EVERY_KEY_EXPIRES, keyOf, ReplayClient, writesOf } from '../../lab/sim/redis-replay.ts';
import { type MaxmemoryPolicy, redisPolicy } from '../../sim/redis/redis.ts';

/** Keys that were used 1,000 times, and then no more for a while. */
export const VETERANS = 100;
export const USES = 1000;
/** Keys that there is room for, and keys that are touched once at the end. */
const ROOM = 1000;
const NEWCOMERS = 1500;

/** Faster than for replays: an hour must pass in a second, and the newcomers' few milliseconds be no more than a minute. */
export const VETERANS_CLOCK_FACTOR = 5000;

/** How old the use is when the newcomers come, and how fast LFU forgets. */
export interface VeteranCell {
  name: string;
  policy: MaxmemoryPolicy;
  /** `lfu-decay-time`; 0: never. */
  decayMinutes: number;
  quietMinutes: number;
}

const cell = (
  name: string,
  policy: MaxmemoryPolicy,
  quietMinutes: number,
  decayMinutes = 1,
): VeteranCell => ({ name, policy, quietMinutes, decayMinutes });

/** Redis's default is a decay of 1 a minute. */
export const VETERAN_CELLS: readonly VeteranCell[] = [
  cell('lru-60', 'allkeys-lru', 60),
  cell('lfu-0', 'allkeys-lfu', 0),
  cell('lfu-5', 'allkeys-lfu', 5),
  cell('lfu-60', 'allkeys-lfu', 60),
  cell('lfu-60-no-decay', 'allkeys-lfu', 60, 0),
];

/** Simulated alone: the uses are spread over a week, and the newcomers come at its end. */
const WEEK_CELLS: readonly VeteranCell[] = [
  cell('lru-week', 'allkeys-lru', 0),
  cell('lfu-week', 'allkeys-lfu', 0),
  cell('lfu-week-no-decay', 'allkeys-lfu', 0, 0),
];

const WEEK_MS = 7 * 86_400_000;
const MINUTE_MS = 60_000;
/** A real clock cannot wait an hour: LRU then waits some ticks, and LFU's forgetting is left out. */
const REAL_WAIT_MS = 4000;

/** A machine that pauses for a moment lets minutes of an accelerated clock pass. */
const MOST_MINUTES_OFF = 3;

const veterans = Int32Array.from({ length: VETERANS }, (_, id) => id);
const newcomers = Int32Array.from({ length: NEWCOMERS }, (_, at) => VETERANS + at);
const uses = Int32Array.from({ length: VETERANS * USES }, (_, at) => at % VETERANS);

/** The story's example on a real server: who is still there once the newcomers have come? */
export async function runVeterans(
  hands: Hands,
): Promise<{ findings: Findings; problems: string[] }> {
  const { ownRedis, seed, redis } = hands;
  if (ownRedis === null) throw new LabError('E_EXPERIMENT', 'veterans need a Redis of their own');
  const { clockFactor, clockProblem, url } = ownRedis;
  const findings: Findings = { totals: {}, samples: {}, series: [], notes: [] };
  const problems: string[] = [];
  const client = await ReplayClient.open(url);
  const write = writesOf(EVERY_KEY_EXPIRES, seed);
  const isFast = clockFactor > 1;
  const cells = VETERAN_CELLS.filter(
    ({ policy, quietMinutes, decayMinutes }) =>
      isFast || quietMinutes === 0 || policy === 'allkeys-lru' || decayMinutes === 0,
  );
  if (clockProblem !== null)
    findings.notes.push(
      `No hour passes here: ${clockProblem}. Cells in which LFU forgets are left out.`,
    );
  try {
    const roomBytes = await client.bytesOf(ROOM, write);
    for (const { name, policy, decayMinutes, quietMinutes } of cells) {
      // Forgets nothing while the uses are made: the best that can happen to a key that was used often.
      await client.prepare({ 'maxmemory-policy': policy, 'lfu-decay-time': 0 }, write, roomBytes);
      await client.replay(uses, write, { clockFactor });
      await client.set({ 'lfu-decay-time': decayMinutes });
      const begunMs = performance.now();
      if (quietMinutes > 0)
        await hands.sleep(isFast ? (quietMinutes * MINUTE_MS) / clockFactor : REAL_WAIT_MS);
      const quietMs = (performance.now() - begunMs) * clockFactor;
      const { evictedKeys } = await client.replay(newcomers, write, { clockFactor });
      const kept = await redis.exists(...[...veterans].map(keyOf));
      const model = simulatedVeterans({ policy, decayMinutes, quietMs, usesMs: 0, seed });
      Object.assign(findings.totals, {
        [`kept ${name}`]: kept,
        [`veterans ${name}`]: VETERANS,
        [`evicted ${name}`]: evictedKeys,
      });
      findings.samples[`keptShare ${name}`] = [kept / VETERANS];
      findings.samples[`modelKeptShare ${name}`] = [model / VETERANS];
      findings.samples[`quietMinutes ${name}`] = [quietMs / MINUTE_MS];
      if (isFast && Math.abs(quietMs / MINUTE_MS - quietMinutes) > MOST_MINUTES_OFF)
        problems.push(`${name}: ${Math.round(quietMs / MINUTE_MS)} min without use`);
      if (evictedKeys < VETERANS)
        problems.push(
          `${name}: ${evictedKeys} keys were evicted, not as many as there are veterans`,
        );
    }
  } finally {
    client.close();
  }
  for (const { name, policy, decayMinutes } of WEEK_CELLS) {
    const kept = simulatedVeterans({ policy, decayMinutes, quietMs: 0, usesMs: WEEK_MS, seed });
    findings.samples[`modelKeptShare ${name}`] = [kept / VETERANS];
  }
  return { findings, problems };
}

/**
 * The same in the model of Redis.
 * @param setting - `usesMs`: over which time the uses are spread evenly; forgetting begins with them, or after them where they
 * take no time.
 * @returns How many veterans are left.
 */
export function simulatedVeterans(setting: {
  policy: MaxmemoryPolicy;
  decayMinutes: number;
  quietMs: number;
  usesMs: number;
  seed: number;
}): number {
  const { policy, decayMinutes, quietMs, usesMs, seed } = setting;
  const cache = redisPolicy(policy, { lfuDecayMinutes: decayMinutes }).create({
    ...{ capacity: ROOM, objects: VETERANS + NEWCOMERS, bytes: null, seed, tickMs: 1 },
  });
  const times = Uint32Array.from(uses, (_, index) => (index * usesMs) / uses.length);
  cache.run(uses, 0, uses.length, times);
  cache.run(newcomers, 0, NEWCOMERS, new Uint32Array(NEWCOMERS).fill(usesMs + quietMs));
  return veterans.reduce((kept, id) => kept + (cache.has(id) ? 1 : 0), 0);
}
