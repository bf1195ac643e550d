import type { Trace } from '../trace.ts';
import { requireWhole } from './points.ts';

/** Exact hits of an LRU cache of every size, in objects. Plain arrays: it can be sent to another thread. */
export interface LruCurve {
  /**
   * `hits[c]`: hits of a cache of `c` objects, 0 to all objects. `hits[c] − hits[c − 1]` requests have the stack distance `c`: their
   * object was the c-th most recently used.
   */
  readonly hits: Uint32Array;
  /** Requests counted. Those above the last entry of `hits` are compulsory misses: first requests of their objects. */
  readonly requests: number;
}

/** Positions of the window per object. A window twice as long is renumbered half as often, and leaves the processor's cache. */
const POSITIONS_PER_OBJECT = 4;
/** Requests whose objects' last positions are looked up together: these looks do not wait for one another, as counting does. */
const BLOCK = 1024;
/** Words of bits that are counted one by one; to an object from further back, the tree knows a shorter way. */
const NEAR_WORDS = 8;

/** Where objects were last requested. */
interface Window {
  /** One bit per object, at the position of its last request. */
  readonly bits: Int32Array;
  /** A Fenwick tree: `tree[n]` sums the words n − lowbit(n) to n − 1, of those before the word that is being written. */
  readonly tree: Int32Array;
  /** The position that comes next. */
  now: number;
  /** Objects seen. */
  distinct: number;
}

/**
 * The miss-ratio curve of LRU at all sizes in one pass: the stack algorithm of Mattson et al., Evaluation techniques for storage
 * hierarchies, IBM Systems Journal 1970 (https://doi.org/10.1147/sj.92.0078). Objects count as one, whatever their bytes.
 *
 * The stack is kept as one bit per object at the position of its last request: an object's depth is the number of bits from there
 * on. Bits are summed by a Fenwick tree over 32-bit words, and positions are renumbered when the window is full.
 * @param from - Requests before this position only fill the cache.
 */
export function lruCurve({ ids, objects }: Pick<Trace, 'ids' | 'objects'>, from = 0): LruCurve {
  requireWhole('from', from, 0, ids.length);
  // Room for a block behind all objects, or for the whole trace.
  const most = Math.max(POSITIONS_PER_OBJECT * objects, objects + POSITIONS_PER_OBJECT * BLOCK);
  const words = Math.ceil(Math.min(most, ids.length) / 32);
  const tree = new Int32Array(words + 1);
  const window: Window = { bits: new Int32Array(words), tree, now: 0, distinct: 0 };
  const last = new Int32Array(objects).fill(-1);
  const befores = new Int32Array(BLOCK);
  const hits = new Uint32Array(objects + 1);
  for (let start = 0; start < ids.length; start += BLOCK) {
    const count = Math.min(BLOCK, ids.length - start);
    if (window.now + count > 32 * words) renumber(window, last);
    const { now } = window;
    for (let i = 0; i < count; i += 1) {
      const id = ids[start + i]!;
      befores[i] = last[id]!;
      last[id] = now + i;
    }
    countBlock(window, befores, count, from - start, hits);
  }
  for (let capacity = 1; capacity <= objects; capacity += 1)
    hits[capacity] = hits[capacity]! + hits[capacity - 1]!;
  return { hits, requests: ids.length - from };
}

/**
 * Counts the depths of the next `count` requests, whose objects were last requested at `befores` (−1: never).
 * @param from - Those before it are not counted.
 * @param hits - Takes how many had each depth.
 */
function countBlock(
  window: Window,
  befores: Int32Array,
  count: number,
  from: number,
  hits: Uint32Array,
): void {
  const { bits, tree } = window;
  const words = bits.length;
  let { now, distinct } = window;
  for (let i = 0; i < count; i += 1) {
    const before = befores[i]!;
    const current = now >>> 5;
    if (before === -1) distinct += 1;
    else {
      const word = before >>> 5;
      const bit = 1 << (before & 31);
      const among = bits[word]!;
      let depth: number;
      if (current - word <= NEAR_WORDS) {
        depth = bitsOf(among & -bit);
        for (let newer = word + 1; newer <= current; newer += 1) depth += bitsOf(bits[newer]!);
      } else {
        let older = bitsOf(among & (bit - 1));
        for (let node = word; node > 0; node &= node - 1) older = (older + tree[node]!) | 0;
        depth = distinct - older;
      }
      if (i >= from) hits[depth] = hits[depth]! + 1;
      bits[word] = among & ~bit;
      if (word !== current)
        for (let node = word + 1; node <= words; node += node & -node) tree[node] = tree[node]! - 1;
    }
    const written = bits[current]! | (1 << (now & 31));
    bits[current] = written;
    now += 1;
    if ((now & 31) === 0) {
      // A word enters the tree when it is full: one walk for 32 requests.
      const added = bitsOf(written);
      for (let node = current + 1; node <= words; node += node & -node)
        tree[node] = tree[node]! + added;
    }
  }
  window.now = now;
  window.distinct = distinct;
}

/**
 * Miss ratio of an LRU cache of so many objects.
 * @param capacity - At least 0; more than all objects is as good as all. Fractions are rounded down.
 */
export function missRatioAt({ hits, requests }: LruCurve, capacity: number): number {
  if (!(capacity >= 0)) throw new RangeError(`capacity is ${capacity}, allowed: from 0`);
  return requests === 0 ? 0 : 1 - hits[Math.min(Math.floor(capacity), hits.length - 1)]! / requests;
}

/** Moves the bits of all objects to the first positions, in their order. */
function renumber(window: Window, last: Int32Array): void {
  const { bits, tree, distinct } = window;
  // The tree's room serves for the sums of all words before each word, until it is built anew.
  let sum = 0;
  for (let word = 0; word < bits.length; word += 1) {
    tree[word] = sum;
    sum += bitsOf(bits[word]!);
  }
  for (let id = 0; id < last.length; id += 1) {
    const at = last[id]!;
    if (at === -1) continue;
    const before = (1 << (at & 31)) - 1;
    last[id] = tree[at >>> 5]! + bitsOf(bits[at >>> 5]! & before);
  }
  const full = distinct >>> 5;
  bits.fill(0);
  bits.fill(-1, 0, full);
  if ((distinct & 31) !== 0) bits[full] = (1 << (distinct & 31)) - 1;
  tree.fill(0);
  tree.fill(32, 1, full + 1);
  for (let node = 1; node < tree.length; node += 1) {
    const parent = node + (node & -node);
    if (parent < tree.length) tree[parent] = tree[parent]! + tree[node]!;
  }
  window.now = distinct;
}

/** Bits set in a 32-bit word. */
function bitsOf(word: number): number {
  let sums = word - ((word >>> 1) & 0x5555_5555);
  sums = (sums & 0x3333_3333) + ((sums >>> 2) & 0x3333_3333);
  return Math.imul((sums + (sums >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}
