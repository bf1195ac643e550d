import { RECORD } from '../../sim/formats/format.ts';
import { oracleGeneralRecords } from '../../sim/formats/oracle-general.ts';
import type { Trace } from '../../sim/trace.ts';

/**
 * Keys as public traces have them, all over 64 bits: those of a generated trace count up, which no reader should profit from.
 * splitmix64 (Steele, Lea, Flood, Fast splittable pseudorandom number generators, OOPSLA 2014) from the state 0; it maps no two
 * numbers to one.
 * @returns Of object `id`, the low half at `2·id` and the high half after it.
 */
export function spreadKeys(objects: number): Int32Array {
  const keys = new BigUint64Array(objects);
  let state = 0n;
  for (let id = 0; id < objects; id += 1) {
    state = BigInt.asUintN(64, state + 0x9e37_79b9_7f4a_7c15n);
    let mixed = BigInt.asUintN(64, (state ^ (state >> 30n)) * 0xbf58_476d_1ce4_e5b9n);
    mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 27n)) * 0x94d0_49bb_1331_11ebn);
    keys[id] = mixed ^ (mixed >> 31n);
  }
  return new Int32Array(keys.buffer);
}

/** A trace as oracleGeneral records under spread keys. */
export function* spreadRecords(trace: Trace): Generator<Uint8Array<ArrayBuffer>> {
  const keys = spreadKeys(trace.objects);
  const { words: each, key } = RECORD;
  for (const part of oracleGeneralRecords(trace)) {
    const words = new Int32Array(part.buffer);
    for (let at = key; at < words.length; at += each) {
      const id = words[at]!;
      words[at] = keys[2 * id]!;
      words[at + 1] = keys[2 * id + 1]!;
    }
    yield part;
  }
}
