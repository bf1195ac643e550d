/** Stamps of both kinds are 24 bits, as in Redis's object header. */
const LRU_CLOCK_MOST = 0xff_ffff;
const MINUTES_MOST = 0xffff;

const LFU_NEW = 5;
const LFU_MOST = 255;

/** The LRU clock: whole seconds, wraps after 194 days. */
export function lruClock(nowMs: number): number {
  return Math.floor(nowMs / 1000) & LRU_CLOCK_MOST;
}

/** For how long a key was not used, as the LRU clock knows it. */
export function idleMs(stamp: number, clock: number): number {
  return (clock >= stamp ? clock - stamp : clock + (LRU_CLOCK_MOST - stamp)) * 1000;
}

/** The clock of LFU's decay: whole minutes, wraps after 45 days. */
export function lfuMinute(nowMs: number): number {
  return Math.floor(nowMs / 60_000) & MINUTES_MOST;
}

/** Stamp of a new key: the minute in the upper 16 bits, a counter of 5 in the lower 8. */
export function lfuNew(minute: number): number {
  return (minute << 8) | LFU_NEW;
}

/**
 * The counter after its decay: it loses 1 in every `decayMinutes`, it is not halved. Reading it so does not write it back.
 * @param decayMinutes - 0: no decay.
 */
export function lfuCounter(stamp: number, minute: number, decayMinutes: number): number {
  const counter = stamp & LFU_MOST;
  const then = stamp >>> 8;
  if (decayMinutes === 0 || then === minute) return counter;
  const elapsed = minute >= then ? minute - then : MINUTES_MOST - then + minute;
  return Math.max(0, counter - Math.floor(elapsed / decayMinutes));
}

/**
 * With which probability a hit raises each counter: 1 up to 5, then ever less, so that 8 bits count a million hits.
 * @returns 256 probabilities, by counter; the last is 0.
 */
export function lfuChances(logFactor: number): Float64Array {
  const chance = (_: number, counter: number): number =>
    counter === LFU_MOST ? 0 : 1 / (Math.max(0, counter - LFU_NEW) * logFactor + 1);
  return Float64Array.from({ length: LFU_MOST + 1 }, chance);
}
