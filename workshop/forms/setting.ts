import type { Knobs } from '../contract.ts';

/** What a policy does, as far as the closed forms need it. */
export interface Setting {
  /** Server processes, among which the reads are spread at random. */
  processes: number;
  /** There is a copy at all. */
  cached: boolean;
  /** Spread of a copy's life. */
  jitter: number;
  /** Who shares one load: nobody, the readers of one process, or all of them. */
  shared: 'none' | 'process' | 'all';
  /** β of XFetch; null: no refresh is drawn ahead of the end. */
  xfetchBeta: number | null;
  /** A price change deletes the copy. The lag of an invalidator process, some ms, counts as none. */
  invalidated: boolean;
  /** How long the old page may be read that a load left behind because a price change fell into it; Infinity: to its end. */
  raceSeconds: number;
}

/** The axes of a preset that matter here; what is left out is as in cache-aside with a TTL. */
interface Axes {
  cached?: false;
  jitter?: number;
  coalesce?: 'process';
  gate?: NonNullable<Knobs['gate']>;
  invalidate?: NonNullable<Knobs['invalidate']>;
  /** A version floor or a version in the key. */
  fenced?: true;
  xfetchBeta?: number;
}

/**
 * The server's presets on these axes: the page cannot ask the server's table, so a test holds the two together. `static`
 * has no TTL; here it is a copy with the one of the sentence. A second, private copy for a second (`l1`) counts as none.
 */
const PRESET_AXES: Readonly<Record<string, Axes>> = {
  uncached: { cached: false },
  joined: { cached: false },
  invalidated: { invalidate: 'delete' },
  'double-delete': { invalidate: 'double-delete' },
  'event-driven': { invalidate: 'event-driven' },
  'lock-naive': { invalidate: 'delete', gate: 'lock-naive' },
  lock: { invalidate: 'delete', gate: 'lock' },
  'single-flight': { invalidate: 'delete', coalesce: 'process' },
  'lock+single-flight': { invalidate: 'delete', coalesce: 'process', gate: 'lock' },
  lease: { invalidate: 'delete', gate: 'lease' },
  fence: { invalidate: 'delete', fenced: true },
  'version-key': { fenced: true },
  outbox: { invalidate: 'outbox', coalesce: 'process', gate: 'lease' },
  swr: { jitter: 0.1, coalesce: 'process' },
  'refresh-ahead': { jitter: 0.1, coalesce: 'process' },
  xfetch: { jitter: 0.1, xfetchBeta: 1 },
  jitter: { jitter: 0.1 },
  l1: { invalidate: 'delete' },
  hardened: { jitter: 0.1, coalesce: 'process', gate: 'lease', invalidate: 'outbox' },
};

/** From the first DEL of `double-delete` to the second. */
const SECOND_DELETE_SECONDS = 0.5;

/** Processes of the store in the room. */
const ROOM_PROCESSES = 2;

/** What the policy of these knobs does: the preset, as far as no knob overrides it. */
export function settingOf(
  knobs: Pick<Knobs, 'preset' | 'jitter' | 'coalesce' | 'gate' | 'invalidate'>,
  processes: number = ROOM_PROCESSES,
): Setting {
  const axes = PRESET_AXES[knobs.preset] ?? {};
  const gate = knobs.gate ?? axes.gate ?? 'none';
  const coalesce = knobs.coalesce ?? axes.coalesce ?? 'none';
  const invalidate = knobs.invalidate ?? axes.invalidate ?? 'none';
  const fenced = axes.fenced === true || gate === 'lease';
  // With the version in the key a change leads every reader away from the copy: as good as deleted.
  const leadsAway = knobs.preset === 'version-key';
  return {
    processes,
    cached: axes.cached ?? true,
    jitter: knobs.jitter ?? axes.jitter ?? 0,
    shared: gate !== 'none' ? 'all' : coalesce,
    xfetchBeta: axes.xfetchBeta ?? null,
    invalidated: invalidate !== 'none' || leadsAway,
    raceSeconds: fenced
      ? 0
      : invalidate === 'double-delete'
        ? SECOND_DELETE_SECONDS
        : Number.POSITIVE_INFINITY,
  };
}

/** Cache-aside with a TTL and nothing else. */
export const PLAIN_CACHE: Setting = settingOf({
  ...{ preset: 'cached', jitter: null, coalesce: null, gate: null, invalidate: null },
});
