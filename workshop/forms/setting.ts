import type { Knobs } from '../contract.ts';

/** What a policy does, as far as the closed forms need it. */
export interface Setting {
  /** Server processes, among which the reads are spread at random. */
  processes: number;
  /** There is a copy at all. */
  cached: boolean;
  /** Life of a copy that the policy itself sets, in seconds. */
  ttlSeconds: number;
  /** Spread of the life. */
  jitter: number;
  /** Who waits for the load of another: nobody, the readers of one process, or all of them. */
  shared: 'none' | 'process' | 'all';
  /** β of XFetch; null: no refresh drawn ahead of the end. */
  xfetchBeta: number | null;
  /** A price change deletes the copy at once. */
  invalidated: boolean;
  /** A load that a price change overlapped leaves no old copy behind. */
  fenced: boolean;
}

/** Cache-aside with a TTL of 1 h and nothing else, in the two processes of the room. */
export const PLAIN_CACHE: Setting = {
  processes: 2,
  cached: true,
  ttlSeconds: 3600,
  jitter: 0,
  shared: 'none',
  xfetchBeta: null,
  invalidated: false,
  fenced: false,
};

/**
 * What the room's policy does: the preset, as far as no knob overrides it.
 * @param processes - Of the server.
 */
export function settingOf(knobs: Knobs, processes = 2): Setting {
  return { ...PLAIN_CACHE, processes, ttlSeconds: knobs.ttlSeconds ?? 3600 };
}
