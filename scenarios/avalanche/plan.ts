import type { Arm } from '../../lab/experiment.ts';

/**
 * The figures that belong together, for any number of stores: the ends of ± 10 % must come at less than half of what the
 * database can load, the requests at more than that, and each store must be asked for 5 times while the copies end.
 *
 * A generated store's page takes 25.8 SELECTs on average, with BEGIN and COMMIT 27.8 round trips; at 15 ms each 50
 * connections load 119 pages per second, about 3,100 SELECTs, which one server process and Postgres manage on 2 cores.
 * With K stores and a TTL of K x 0.13 s the copies of ± 10 % end at 38 a second, and each store is asked for 9 times
 * meanwhile.
 */
export const TRIP_MS = 15;
export const REQUESTS_PER_SECOND = 340;
export const STORES = 1000;
export const FEW_STORES = 300;

/** TTL of the arms with this many stores. Few stores are asked for more often each, while their page loads too: those copies end at 33 a second. */
export function ttlMsOf(stores: number): number {
  return stores * (stores === STORES ? 130 : 150);
}

/** Second of the measured phase at which copies without jitter end. */
export const CLIFF_SECOND = 6;

/** A request that takes longer waited for a connection: the largest generated page takes 0.9 s. */
export const SLOW_MS = 1200;

/** Longest wait for a connection, then 503. */
export const MAX_WAIT_MS = 1000;

/** What the protocol reads from an arm. */
export interface ArmDesign {
  stores: number;
  ttlMs: number;
  /** Share of the TTL by which lives differ; 0: all alike. */
  jitter: number;
  /** The warm-up is stretched over so many seconds; 0: all copies are made at once. */
  staggerSeconds: number;
  /** Second of the measured phase at which copies without jitter end. */
  cliffSecond: number;
  /** Seconds of the measured phase at which Redis is killed and started again; null: it lives. */
  killed: { atSecond: number; backAtSecond: number } | null;
}

const number = (value: unknown): number => (typeof value === 'number' ? value : 0);

export function designOf({ overrides = {}, parameters = {} }: Arm): ArmDesign {
  const atSecond = number(parameters['killAtSecond']);
  return {
    stores: number(parameters['stores']),
    ttlMs: number(overrides['ttlMs']),
    jitter: number(overrides['jitter']),
    staggerSeconds: number(parameters['staggerSeconds']),
    cliffSecond: number(parameters['cliffSecond']),
    killed: atSecond === 0 ? null : { atSecond, backAtSecond: number(parameters['backAtSecond']) },
  };
}

/** When the copies end one by one rather than all at once: the seconds of the measured phase in which they do; else null. */
export function spreadOf(
  design: ArmDesign,
  measureSeconds: number,
): { from: number; to: number; perSecond: number } | null {
  const { cliffSecond, jitter, ttlMs, staggerSeconds, stores } = design;
  const half = Math.max((jitter * ttlMs) / 1000, staggerSeconds / 2);
  if (half === 0 || design.killed !== null) return null;
  return {
    from: Math.max(0, cliffSecond - half),
    to: Math.min(measureSeconds, cliffSecond + half),
    perSecond: stores / (2 * half),
  };
}
