import { randomStream } from '../random.ts';
import type { Trace } from '../trace.ts';
import { requireWhole } from './points.ts';

/** All requests of some objects, and what is needed to speak of the whole trace again. */
export interface Sample {
  /** Objects renumbered in the order of their first requests in the sample. */
  readonly trace: Trace;
  /** Share of the objects that was to be taken, above 0 to 1. */
  readonly rate: number;
  /** Requests of the sample before this position only fill the cache. */
  readonly from: number;
  /** Requests of the whole trace that are counted. */
  readonly requests: number;
}

/**
 * Spatial sampling: an object is in or out with all of its requests, as a seeded hash of its number decides, so that reuse is kept
 * as it is (Waldspurger et al., Efficient MRC construction with SHARDS, FAST 2015,
 * https://www.usenix.org/conference/fast15/technical-sessions/presentation/waldspurger).
 * @param part - Samples of one rate and seed with other parts share no object; from 0, below 1 / rate.
 * @param from - Position in the whole trace from which requests are counted.
 */
export function sampleObjects(
  trace: Trace,
  { rate, seed, part = 0, from = 0 }: { rate: number; seed: number; part?: number; from?: number },
): Sample {
  if (!(rate > 0 && rate <= 1)) throw new RangeError(`rate is ${rate}, allowed: above 0, to 1`);
  requireWhole('part', part, 0, Math.max(0, Math.floor(1 / rate + 1e-9) - 1));
  requireWhole('from', from, 0, trace.ids.length);
  const kept = positionsOf(trace.ids, part * rate * 2 ** 32, (part + 1) * rate * 2 ** 32, seed);
  const dense = new Int32Array(trace.objects).fill(-1);
  const original: number[] = [];
  const ids = kept.map((at) => {
    const id = trace.ids[at]!;
    if (dense[id] === -1) dense[id] = original.push(id) - 1;
    return dense[id]!;
  });
  const { ticks, tickMs, bytes, ops } = trace;
  return {
    trace: {
      ids,
      objects: original.length,
      ticks: ticks && Uint32Array.from(kept, (at) => ticks[at]!),
      tickMs,
      bytes: bytes && Uint32Array.from(original, (id) => bytes[id]!),
      ops: ops && Uint8Array.from(kept, (at) => ops[at]!),
    },
    rate,
    from: kept.findLastIndex((at) => at < from) + 1,
    requests: trace.ids.length - from,
  };
}

/** One of `groups` groups for each object, by a seeded hash. */
export function groupsOf(objects: number, groups: number, seed: number): Uint16Array {
  const salt = saltOf(seed);
  return Uint16Array.from({ length: objects }, (_, id) =>
    Math.floor((hashOf(id, salt) / 2 ** 32) * groups),
  );
}

/** Positions of the requests whose object's hash lies from `low` to below `high`. */
function positionsOf(ids: Int32Array, low: number, high: number, seed: number): Int32Array {
  const salt = saltOf(seed);
  let positions = new Int32Array(Math.ceil((1.1 * ids.length * (high - low)) / 2 ** 32) + 64);
  let kept = 0;
  for (let at = 0; at < ids.length; at += 1) {
    const hash = hashOf(ids[at]!, salt);
    if (hash < low || hash >= high) continue;
    if (kept === positions.length) {
      // A hot object came in: more requests than its share of the objects.
      const longer = new Int32Array(2 * kept);
      longer.set(positions);
      positions = longer;
    }
    positions[kept] = at;
    kept += 1;
  }
  return positions.subarray(0, kept);
}

/** All 32 bits differ between seeds: neighbouring salts would give samples of neighbouring objects. */
function saltOf(seed: number): number {
  return Math.floor(randomStream(seed, 'sample')() * 2 ** 32) | 0;
}

/** The finaliser of MurmurHash3, 0 to 2³² − 1: no two objects share a hash. */
function hashOf(id: number, salt: number): number {
  let hash = id ^ salt;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
