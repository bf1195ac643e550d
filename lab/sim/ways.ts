import { PRESETS } from '../../server/cache/presets.ts';
import { stalenessBoundMs, ttlBoundMs } from '../../server/cache/staleness-bound.ts';
import type { Way } from '../../sim/recommend/question.ts';
import type { Defence } from '../../sim/recommend/stampede.ts';
import { freshnessOf } from './freshness.ts';

/** A preset of the server with what the grid sets: a body for `PUT /lab/policy`. */
export interface PolicyRequest {
  preset: string;
  overrides: Record<string, number | string>;
}

/** The simplest first. */
const WITHOUT_INVALIDATION = ['cached', 'refresh-ahead', 'xfetch', 'swr'];
const WITH_INVALIDATION = ['fence', 'lease', 'outbox', 'hardened'];

/** From a commit to the DEL of the invalidator, which looks at the outbox every 200 ms: the longest, to be on the safe side. */
const OUTBOX_DELAY_MS = 200;
/** The old page is sent for a fifth of its life while it is refreshed. */
const WINDOW_SHARE = 0.2;

/**
 * The presets that a team may choose from.
 * @param team.canInvalidate - Whether whoever changes a row can delete its copy, or a process can follow the changes.
 * @param team.defence - Against stampedes; a preset that has one of its own keeps it.
 */
export function waysOf(team: { canInvalidate: boolean; defence: Defence; loadMs: number }): Way[] {
  const { canInvalidate, defence, loadMs } = team;
  const names = [...WITHOUT_INVALIDATION, ...(canInvalidate ? WITH_INVALIDATION : [])];
  return names.map((name) => ({
    name,
    setting: (ttlMs) => ({
      ...freshnessOf(name),
      ...(name === 'swr' ? { staleWhileRevalidateMs: windowMs(ttlMs) } : {}),
      ...(defence === 'none' ? {} : { coalesce: 'process' as const }),
      ...(ofOutbox(name) ? { invalidateDelayMs: OUTBOX_DELAY_MS } : {}),
    }),
    boundMs: (ttlMs, jitter) => {
      const settings = settingsOf(policyRequest({ way: name, ttlMs, jitter }, defence, loadMs));
      return stalenessBoundMs(settings, loadMs) ?? ttlBoundMs(settings, loadMs);
    },
  }));
}

/** What the server is told: the preset, and what of it is set otherwise. */
export function policyRequest(
  { way, ttlMs, jitter }: { way: string; ttlMs: number; jitter: number },
  defence: Defence,
  loadMs: number,
): PolicyRequest {
  const { settings } = presetOf(way);
  return {
    preset: way,
    overrides: {
      ttlMs,
      ...(jitter === (settings.jitter ?? 0) ? {} : { jitter }),
      ...(way === 'swr' ? { staleWhileRevalidateMs: windowMs(ttlMs) } : {}),
      ...(defence !== 'none' && settings.gate !== 'lease' && settings.coalesce !== 'process'
        ? { coalesce: 'process' }
        : {}),
      ...(defence === 'lock' && settings.gate === undefined ? lockFor(loadMs) : {}),
    },
  };
}

/** A lock that outlives its load by far, and a wait that does so too. */
function lockFor(loadMs: number): Record<string, number | string> {
  const lockTtlMs = Math.min(400_000, Math.max(10_000, Math.ceil(5 * loadMs)));
  return { gate: 'lock', lockTtlMs, lockWaitMs: Math.ceil(1.5 * lockTtlMs) };
}

function windowMs(ttlMs: number): number {
  return Math.max(1, Math.round(WINDOW_SHARE * ttlMs));
}

function ofOutbox(name: string): boolean {
  return presetOf(name).settings.invalidate === 'outbox';
}

/** How a change reaches the copies, and how long an old page may live: the preset's own words, with the life that was chosen. */
export function invalidationOf({ way, ttlMs }: { way: string; ttlMs: number }): string {
  return WITHOUT_INVALIDATION.includes(way)
    ? 'None: an old page may be sent until its life is over.'
    : presetOf(way).invalidation.replaceAll('3600 s', `${ttlMs / 1000} s`);
}

function presetOf(name: string): (typeof PRESETS)[number] {
  const preset = PRESETS.find((one) => one.name === name);
  if (preset === undefined) throw new Error(`no preset ${name}`);
  return preset;
}

type BoundSettings = Parameters<typeof stalenessBoundMs>[0];

/** The server's fallbacks for what a bound depends on. */
const FALLBACKS = {
  ...{ store: 'none', fence: 'none', invalidate: 'none', gate: 'none', onLockTimeout: 'load' },
  ...{ ttlMs: null, jitter: 0, staleWhileRevalidateMs: null, staleIfErrorMs: null },
  ...{ doubleDeleteMs: null, l1TtlMs: null },
};

function settingsOf({ preset, overrides }: PolicyRequest): BoundSettings {
  return { ...FALLBACKS, ...presetOf(preset).settings, ...overrides } as unknown as BoundSettings;
}
