import type { Redis } from 'ioredis';
import { commandStats } from './command-stats.ts';
import { exponentOf, lineThrough } from './fit.ts';

/** Elements of the list and of the sorted set, and keys of the database, that a command meets. */
export const SIZES = [10, 100, 1_000, 10_000, 100_000, 1_000_000] as const;

/** The smallest size of a command's exponent: below it, what every call costs hides how it grows. */
const GROWS_FROM: Record<Command, number> = { get: 10, set: 10, zadd: 10, lrange: 10_000 };

export const COMMANDS = ['get', 'set', 'lrange', 'zadd'] as const;
export type Command = (typeof COMMANDS)[number];

const CALLS = 4000;
const PIPELINE = 500;
/** Elements that all LRANGE calls of one size read together, at least; one call reads the whole list. */
const ELEMENTS = 20_000;
const MOST_RANGES = 500;
/** In one script; longer ones would make Redis complain that it is busy. */
const FILLED_AT_ONCE = 50_000;

/** From `from` up to `to`, as one script: a million round trips would take longer than the measurement. */
const FILL = `
for i = ARGV[1], ARGV[2] do
  redis.call('SET', 'key:' .. i, i)
  redis.call('RPUSH', 'list', i)
  redis.call('ZADD', 'set', (i * 7919) % 1000003, 'member:' .. i)
end`;

/** Fills one database per size, so that the table of keys has the size too. */
export async function fillSizes(redis: Redis, sizes: readonly number[] = SIZES): Promise<void> {
  for (const [database, size] of sizes.entries()) {
    await redis.select(database);
    for (let from = 1; from <= size; from += FILLED_AT_ONCE) {
      await redis.eval(FILL, 0, from, Math.min(size, from + FILLED_AT_ONCE - 1));
    }
  }
}

/** Microseconds per call of each command at each size. */
export type Costs = Record<Command, [size: number, micros: number][]>;

/** One pass over all sizes: each command's time by Redis's own clock. */
export async function measureCosts(
  redis: Redis,
  random: () => number,
  sizes: readonly number[] = SIZES,
): Promise<Costs> {
  const costs: Costs = { get: [], set: [], lrange: [], zadd: [] };
  for (const [database, size] of sizes.entries()) {
    await redis.select(database);
    await redis.config('RESETSTAT');
    await callAll(redis, size, random);
    const stats = await commandStats(redis);
    for (const command of COMMANDS) {
      const { calls, micros } = stats.get(command) ?? { calls: 0, micros: 0 };
      if (calls > 0) costs[command].push([size, micros / calls]);
    }
  }
  return costs;
}

/** Keys and members that are there, each drawn anew; ZADD gives an old member a new score. */
async function callAll(redis: Redis, size: number, random: () => number): Promise<void> {
  const draw = (): number => 1 + Math.floor(random() * size);
  for (let done = 0; done < CALLS; done += PIPELINE) {
    const batch = redis.pipeline();
    for (let index = 0; index < PIPELINE; index += 1) {
      batch.get(`key:${draw()}`);
      batch.set(`key:${draw()}`, done);
      batch.zadd('set', Math.floor(random() * 1_000_003), `member:${draw()}`);
    }
    await batch.exec();
  }
  const ranges = Math.max(1, Math.min(MOST_RANGES, Math.floor(ELEMENTS / size)));
  for (let index = 0; index < ranges; index += 1) await redis.lrangeBuffer('list', 0, -1);
}

/** How one command grows, from one pass. */
export interface Growth {
  /** k of t = a·n^k. */
  exponent: number;
  /** Microseconds that each doubling of n adds: b of t = a + b·log2 n. */
  perDoubling: number;
}

/** @returns Null without two sizes. */
export function growthOf(command: Command, costs: Costs): Growth | null {
  const points = costs[command].filter(([size]) => size >= GROWS_FROM[command]);
  const exponent = exponentOf(points);
  const line = lineThrough(points.map(([size, micros]) => [Math.log2(size), micros] as const));
  return exponent === null || line === null ? null : { exponent, perDoubling: line.slope };
}
