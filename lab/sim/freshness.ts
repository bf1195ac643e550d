import { PRESETS } from '../../server/cache/presets.ts';
import type { TimeSetting } from '../../sim/time/setting.ts';
import { EXIT, LabError } from '../errors.ts';

/** What a preset of the server sets for the simulation; TTL, size and seed come from elsewhere. */
export type Freshness = Omit<TimeSetting, 'ttlMs' | 'eviction' | 'seed'>;

/** Presets that differ from these in nothing that a simulation sees (locks, L1, filters) have no name here. */
const MODELLED = [
  'cached',
  'invalidated',
  'single-flight',
  'lease',
  'fence',
  'outbox',
  'swr',
  'refresh-ahead',
  'xfetch',
  'jitter',
  'hardened',
] as const;

/** Names that `--freshness` knows. */
const FRESHNESS_NAMES: readonly string[] = MODELLED;

/**
 * How a preset of the server keeps its copies fresh, in the simulator's terms.
 * @throws LabError `E_UNKNOWN_POLICY` for a name that is no preset, or one that the simulation cannot tell apart.
 */
export function freshnessOf(name: string): Freshness {
  const preset = PRESETS.find((one) => one.name === name);
  if (preset === undefined || !FRESHNESS_NAMES.includes(name)) {
    throw new LabError('E_UNKNOWN_POLICY', `--freshness: ${JSON.stringify(name)} is not modelled`, {
      hint: `known: ${FRESHNESS_NAMES.join(', ')}`,
      exitCode: EXIT.badArguments,
    });
  }
  const { settings } = preset;
  const { jitter, staleWhileRevalidateMs, refreshAhead, xfetchBeta, coalesce } = settings;
  const deletes = settings.invalidate !== undefined && settings.invalidate !== 'none';
  return {
    jitter: jitter ?? 0,
    staleWhileRevalidateMs: staleWhileRevalidateMs ?? null,
    refreshAhead: refreshAhead ?? null,
    xfetchBeta: xfetchBeta ?? null,
    coalesce: coalesce === 'process' || settings.gate === 'lease' ? 'process' : 'none',
    invalidate: deletes ? 'delete' : 'none',
    fenced: settings.gate === 'lease' || settings.fence === 'floor',
  };
}
