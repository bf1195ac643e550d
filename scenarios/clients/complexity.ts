import type { Redis } from 'ioredis';
import { commandStats } from './command-stats.ts';
import { exponentOf, lineThrough } from './fit.ts';

/** Elements of the list and of the sorted set, and keys of the database, that a command meets. */
export const SIZES = [10, 100, 1_000, 10_000, 100_000, 1_000_000] as const;

/**
 * What is timed. `same`: 10 keys or members, again and again, however many others there are: the CPU's caches hold them, and what
 * grows is the number of steps. `random`: any of them, so that a large table also costs cache misses. LRANGE reads the whole list.
 */
export const TIMED = {
  'get/same': { command: 'get', growsFrom: 10 },
  'get/random': { command: 'get', growsFrom: 10 },
  'set/same': { command: 'set', growsFrom: 10 },
  'set/random': { command: 'set', growsFrom: 10 },
  // A sorted set of up to 128 members is one flat list.
  'zadd/same': { command: 'zadd', growsFrom: 1_000 },
  'zadd/random': { command: 'zadd', growsFrom: 1_000 },
  // Below 100 elements, what every call costs hides how it grows.
  'lrange/whole': { command: 'lrange', growsFrom: 100 },
} as const;
export type Timed = keyof typeof TIMED;
export const ALL_TIMED = Object.keys(TIMED) as Timed[];

const CALLS = 2000;
const PIPELINE = 500;
const SAME = 10;
/** Elements that all LRANGE calls of one size read together, at least. */
const ELEMENTS = 20_000;
const MOST_RANGES = 500;
/** In one script; longer ones would make Redis complain that it is busy. */
const FILLED_AT_ONCE = 50_000;

/** As scripts and in blocks: a million round trips would take longer than the measurement. */
const FILL = `
for first = ARGV[1], ARGV[2], 500 do
  local strings, elements, members = {}, {}, {}
  for i = first, math.min(first + 499, ARGV[2]) do
    strings[#strings + 1] = 'key:' .. i
    strings[#strings + 1] = i
    elements[#elements + 1] = i
    members[#members + 1] = 2 * i
    members[#members + 1] = 'member:' .. i
  end
  redis.call('MSET', unpack(strings))
  redis.call('RPUSH', 'list', unpack(elements))
  redis.call('ZADD', 'set', unpack(members))
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

/** Microseconds per call at each size. */
export type Costs = Record<Timed, [size: number, micros: number][]>;

/** One pass over all sizes: each command's time by Redis's own clock. */
export async function measureCosts(
  redis: Redis,
  random: () => number,
  sizes: readonly number[] = SIZES,
): Promise<Costs> {
  const costs = Object.fromEntries(ALL_TIMED.map((one) => [one, []])) as unknown as Costs;
  for (const [database, size] of sizes.entries()) {
    await redis.select(database);
    for (const among of ['same', 'random'] as const) {
      await redis.config('RESETSTAT');
      await callAll(redis, among === 'same' ? sameOf(size, random) : randomOf(size, random));
      const stats = await commandStats(redis);
      for (const timed of ALL_TIMED.filter((one) => one.endsWith(among))) {
        note(costs[timed], size, stats.get(TIMED[timed].command));
      }
    }
    await redis.config('RESETSTAT');
    const ranges = Math.max(1, Math.min(MOST_RANGES, Math.floor(ELEMENTS / size)));
    for (let index = 0; index < ranges; index += 1) await redis.lrangeBuffer('list', 0, -1);
    note(costs['lrange/whole'], size, (await commandStats(redis)).get('lrange'));
  }
  return costs;
}

function note(
  points: [number, number][],
  size: number,
  stats: { calls: number; micros: number } | undefined,
): void {
  if (stats !== undefined && stats.calls > 0) points.push([size, stats.micros / stats.calls]);
}

const randomOf =
  (size: number, random: () => number): (() => number) =>
  () =>
    1 + Math.floor(random() * size);

/** Ten of all, drawn once. */
function sameOf(size: number, random: () => number): () => number {
  const drawn = Array.from({ length: SAME }, randomOf(size, random));
  let turn = 0;
  return () => drawn[turn++ % SAME]!;
}

/** What is asked for is there. ZADD moves a member by one place and back: it is found, taken out and put in again. */
async function callAll(redis: Redis, next: () => number): Promise<void> {
  for (let done = 0; done < CALLS; done += PIPELINE) {
    const batch = redis.pipeline();
    for (let index = 0; index < PIPELINE; index += 1) {
      const member = next();
      batch.get(`key:${next()}`);
      batch.set(`key:${next()}`, done);
      batch.zadd('set', 2 * member + 3 * ((done / PIPELINE) % 2), `member:${member}`);
    }
    await batch.exec();
  }
}

/** How a command grows, from one pass. */
export interface Growth {
  /** k of t = a·n^k. */
  exponent: number;
  /** Microseconds that each doubling of n adds: b of t = a + b·log2 n. */
  perDoubling: number;
}

/** @returns Null without two sizes. */
export function growthOf(timed: Timed, costs: Costs): Growth | null {
  const points = costs[timed].filter(([size]) => size >= TIMED[timed].growsFrom);
  const exponent = exponentOf(points);
  const line = lineThrough(points.map(([size, micros]) => [Math.log2(size), micros] as const));
  return exponent === null || line === null ? null : { exponent, perDoubling: line.slope };
}
