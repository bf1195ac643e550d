import { NEVER, nextUses } from '../trace.ts';
import type { CacheSetting, OfflinePolicy } from './policy.ts';
import { roomOf } from './policy.ts';

/**
 * A set of positions as bits, 32 a word. Above the words lie levels that say which words of the level below are not empty, so
 * that the highest position is found in one step a level: 5 levels for 20 million positions.
 */
class PositionSet {
  /** The lowest level first; bit `p & 31` of word `p >> 5` stands for position `p`. The last level is one word. */
  readonly levels: readonly Int32Array[];

  constructor(positions: number) {
    const levels: Int32Array[] = [];
    let words = positions;
    do {
      words = Math.ceil(words / 32);
      levels.push(new Int32Array(Math.max(1, words)));
    } while (words > 1);
    this.levels = levels;
  }

  add(position: number): void {
    let bit = position;
    for (const words of this.levels) {
      const before = words[bit >> 5]!;
      words[bit >> 5] = before | (1 << (bit & 31));
      if (before !== 0) return;
      bit >>= 5;
    }
  }

  remove(position: number): void {
    let bit = position;
    for (const words of this.levels) {
      const left = words[bit >> 5]! & ~(1 << (bit & 31));
      words[bit >> 5] = left;
      if (left !== 0) return;
      bit >>= 5;
    }
  }

  clear(): void {
    for (const words of this.levels) words.fill(0);
  }

  /** @returns The highest position. The set must not be empty. */
  highest(): number {
    let word = 0;
    for (let level = this.levels.length - 1; level >= 0; level -= 1)
      word = 32 * word + 31 - Math.clz32(this.levels[level]![word]!);
    return word;
  }
}

/** The last one, for the next cache over a trace of this length: left to the garbage collector, 8 sizes take 8 times the room. */
let kept: { positions: number; set: PositionSet } | null = null;

function emptySet(positions: number): PositionSet {
  if (kept?.positions === positions) kept.set.clear();
  else kept = { positions, set: new PositionSet(positions) };
  return kept.set;
}

/**
 * Holds no ids: an object is resident if the position of its next request is in the set. A request hits if its own position is;
 * the victim is the highest position. Objects without a next request would be the first to go, and so take no room at all.
 */
function hits(
  ids: Int32Array,
  { capacity, objects, bytes }: CacheSetting,
  from: number,
  nexts?: Int32Array,
): number {
  const next = nexts ?? nextUses({ ids, objects });
  const resident = emptySet(ids.length);
  const words = resident.levels[0]!;
  let used = 0;
  let counted = 0;
  for (let i = 0; i < ids.length; i += 1) {
    const later = next[i]!;
    if (((words[i >> 5]! >>> (i & 31)) & 1) === 1) {
      if (i >= from) counted += 1;
      resident.remove(i);
      if (later === NEVER) used -= roomOf(bytes, ids[i]!);
      else resident.add(later);
      continue;
    }
    const room = roomOf(bytes, ids[i]!);
    if (room > capacity) continue;
    while (used + room > capacity) {
      const victim = resident.highest();
      resident.remove(victim);
      used -= roomOf(bytes, ids[victim]!);
    }
    if (later === NEVER) continue;
    resident.add(later);
    used += room;
  }
  return counted;
}

export const belady: OfflinePolicy = {
  name: 'belady',
  title: 'Belády MIN',
  source: {
    title:
      'Belady, A study of replacement algorithms for a virtual-storage computer, IBM Systems Journal 1966',
    url: 'https://doi.org/10.1147/sj.52.0078',
  },
  variant:
    'the victim is the object whose next request is furthest away; every miss is admitted, also one that is never requested again. ' +
    'Optimal for objects of one size; with sizes in bytes a heuristic, no bound (the optimum is NP-hard): there only the infinite cache is one',
  hits,
};
