import { randomStream } from '../random.ts';
import { hashOf } from './dict.ts';

/** Which keys have a TTL, and which. */
export interface ExpirySetting {
  /** Share of the objects that have a TTL at all, 0 to 1: `volatile-*` evicts no others. */
  readonly volatileShare: number;
  /** TTLs are spread evenly between the two; equal: one TTL for all. */
  readonly ttlFromMs: number;
  readonly ttlToMs: number;
  /**
   * `fill`: each fill draws anew, as jitter does. `object`: each object has a TTL of its own for ever; those with the shortest
   * then never stay, however hot they are.
   */
  readonly ttlPer: 'fill' | 'object';
}

/** Which objects have a TTL, the same for one seed here and in a replay against a real Redis. */
export function volatileDraw(seed: number, share: number): (id: number) => boolean {
  const salt = hashOf(seed, 0x7ae1_55d3);
  return (id) => hashOf(id, salt) < share * 2 ** 32;
}

/**
 * The TTL of each fill.
 * @returns A function from an id to whole milliseconds; with `ttlPer: 'object'` the same for one seed at every call.
 */
export function ttlDraw(
  seed: number,
  { ttlFromMs, ttlToMs, ttlPer }: Omit<ExpirySetting, 'volatileShare'>,
): (id: number) => number {
  const choices = ttlToMs - ttlFromMs + 1;
  const salt = hashOf(seed, 0x1c69_b3f7);
  const random = randomStream(seed, 'redis-ttl');
  return (id) => {
    const drawn = ttlPer === 'fill' ? random() : hashOf(id, salt) / 2 ** 32;
    return ttlFromMs + Math.floor(drawn * choices);
  };
}
