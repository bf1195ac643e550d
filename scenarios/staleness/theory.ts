import { armOf } from '../../lab/claims.ts';
import type { Analysed } from '../../lab/experiment.ts';
import type { ArmAnalysis, TheoryCheck } from '../../lab/result.ts';
import { wilson } from '../../lab/stats/wilson.ts';
import { keyFlows } from '../../lab/theory/hit-ratio.ts';
import { staleSetsPerEdit } from '../../lab/theory/stale-set.ts';
import { COMPRESSED_TTL_MS } from './arms.ts';
import { sampleQuantile, total } from './figures.ts';

/** Theory beside measurement: the TTL alone, and the race where one load at a time is made. */
export function theory(analysis: Analysed): TheoryCheck[] {
  const short = armOf(analysis, 'short-ttl');
  return [
    ...(short === null ? [] : ttlAlone(short)),
    ...['single-flight', 'lock'].flatMap((name) => {
      const arm = armOf(analysis, name);
      return arm === null ? [] : race(arm);
    }),
  ];
}

interface Rates {
  editsPerSecond: number;
  readsPerSecond: number;
  loadSeconds: number;
}

/** Rates as they came about; null without a load to time. */
function ratesOf(arm: ArmAnalysis): Rates | null {
  const loadMs = sampleQuantile(arm, 'loadMs', 0.5);
  const editedSeconds = total(arm, 'editedSeconds');
  if (loadMs === null || editedSeconds === 0) return null;
  const measuredSeconds = editedSeconds + arm.trials.valid;
  return {
    editsPerSecond: total(arm, 'writes') / editedSeconds,
    readsPerSecond: total(arm, 'reads') / measuredSeconds,
    loadSeconds: loadMs / 1000,
  };
}

/** Stale share of a copy that nobody deletes: 1 - (1 - e^(-uT)) / (uT) for loads that take no time. */
function ttlShare(rates: Rates, ttlMs: number): number {
  const flows = keyFlows({
    ratePerSecond: rates.readsPerSecond,
    ttlSeconds: ttlMs / 1000,
    loadSeconds: rates.loadSeconds,
    coalesced: false,
    updatesPerSecond: rates.editsPerSecond,
    invalidated: false,
  });
  return flows.stale / flows.requests;
}

function ttlAlone(arm: ArmAnalysis): TheoryCheck[] {
  const rates = ratesOf(arm);
  const measured = arm.measures['stalePercent'] ?? null;
  if (rates === null || measured === null) return [];
  const expected = 100 * ttlShare(rates, COMPRESSED_TTL_MS);
  return [
    {
      arm: arm.arm,
      quantity: 'stale reads',
      unit: '%',
      formula: '1 − (1 − e^(−uT)) / (uT), with the load time Δ taken off',
      theory: expected,
      measured,
      agrees: agrees(expected, measured.interval),
      note: 'Poisson edits, u as it came about in these trials; a trial has few edits, so trials differ.',
    },
  ];
}

function race(arm: ArmAnalysis): TheoryCheck[] {
  const rates = ratesOf(arm);
  const measured = wilson(
    Math.min(total(arm, 'staleSets'), total(arm, 'writes')),
    total(arm, 'writes'),
  );
  if (rates === null || measured === null) return [];
  const expected = staleSetsPerEdit(rates);
  return [
    {
      arm: arm.arm,
      quantity: 'stale sets per edit',
      unit: '',
      formula: '(1 − e^(−uΔ)) / (1 + u(Δ + 1/λ)) · λ/(λ + u)',
      theory: expected,
      measured,
      agrees: agrees(expected, measured.interval),
      note: 'One load at a time, snapshots of the database, edits and reads Poisson. The rule of thumb for rare edits: the chance that a load is under way.',
    },
  ];
}

function agrees(expected: number, interval: { low: number; high: number } | null): boolean | null {
  return interval === null ? null : expected >= interval.low && expected <= interval.high;
}
