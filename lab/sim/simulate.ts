import { BELADY } from '../../sim/policies/registry.ts';
import type { Trace } from '../../sim/trace.ts';
import { EXIT, LabError } from '../errors.ts';
import { type Capacity, DEFAULT_SIZES, parseCapacities } from './capacities.ts';
import { type Cell, type CellResult, POLICY_NAMES } from './cells.ts';
import { parseDurations } from './durations.ts';
import { freshnessOf } from './freshness.ts';
import type { SweepOptions } from './options.ts';
import type { SizeRow, TtlRow } from './result.ts';

/** A sweep that is ready to run. */
export interface SweepPlan {
  /** Over the reads alone: what a write does to a cache is a question of freshness. */
  bySize: Cell[];
  /** Over reads and writes. */
  byTtl: Cell[];
  sizeRows(results: readonly CellResult[]): SizeRow[];
  ttlRows(results: readonly CellResult[]): TtlRow[];
}

/**
 * What a sweep will simulate: every policy at every size with copies that live for ever, and every freshness at every TTL: with
 * endless memory, or where sizes are named, within every policy at every size.
 * @throws LabError `E_BAD_OPTIONS`, `E_UNKNOWN_POLICY`
 */
export function planSweep(trace: Trace, options: SweepOptions): SweepPlan {
  requirePolicies(options.policies);
  const capacities = capacitiesOf(trace, options);
  const ttlsMs = options.ttls === null ? [] : parseDurations('--ttls', options.ttls);
  if (ttlsMs.length > 0 && trace.ticks === null) {
    throw new LabError('E_NO_TIMES', '--ttls needs a trace with times, and this one has none', {
      hint: 'name the column: --columns time=1,key=2; or generate one: --generate zipf:rate=1000',
      exitCode: EXIT.badArguments,
    });
  }
  const warmRequests = Math.floor(trace.ids.length * options.warm);
  const bySize = options.policies.flatMap((policy) =>
    capacities.map(({ label, capacity, unit }) => ({ policy, label, capacity, unit })),
  );
  // What knows the future cannot know when copies expire.
  const bounded = bySize.filter(({ policy }) => policy !== BELADY.name && policy !== 'infinite');
  const caches = capacities.length === 0 ? [null] : bounded;
  const byTtl = ttlsMs.flatMap((ttlMs) =>
    options.freshness.flatMap((policy) => caches.map((cache) => ({ policy, ttlMs, cache }))),
  );
  const sizeCells: Cell[] = bySize.map((cache) => ({
    kind: 'hits',
    cache,
    seed: options.seed,
    warmRequests,
  }));
  const ttlCells: Cell[] = byTtl.map(({ policy, ttlMs, cache }) => ({
    kind: 'time',
    cache,
    setting: {
      ...freshnessOf(policy),
      ttlMs,
      seed: options.seed,
      loadMs: options.loadMs,
      updateRatePerSecond: options.updateRate,
      fromTick: trace.ticks?.[warmRequests] ?? 0,
    },
  }));
  return {
    bySize: sizeCells,
    byTtl: ttlCells,
    sizeRows: (results) => bySize.map((cell, at) => sizeRow(cell, results[at])),
    ttlRows: (results) => byTtl.map((cell, at) => ttlRow(cell, results[at])),
  };
}

/** Sizes that were asked for; those that show a whole curve where neither sizes nor TTLs are named. */
function capacitiesOf(trace: Trace, { sizes, ttls }: SweepOptions): Capacity[] {
  if (sizes === null && ttls !== null) return [];
  const totalBytes =
    trace.bytes === null ? null : trace.bytes.reduce((sum, one) => sum + Math.max(1, one), 0);
  return parseCapacities(sizes ?? DEFAULT_SIZES, { objects: trace.objects, totalBytes });
}

/** @throws LabError `E_UNKNOWN_POLICY` with every name that is unknown. */
export function requirePolicies(names: readonly string[]): void {
  const unknown = names.filter((name) => !POLICY_NAMES.includes(name));
  if (unknown.length === 0) return;
  throw new LabError('E_UNKNOWN_POLICY', `unknown policy: ${unknown.join(', ')}`, {
    hint: `known: ${POLICY_NAMES.join(', ')}; ${BELADY.name} is the bound`,
    exitCode: EXIT.badArguments,
  });
}

function sizeRow(
  { policy, label, capacity, unit }: { policy: string; label: string } & Omit<Capacity, 'label'>,
  result: CellResult | undefined,
): SizeRow {
  if (result?.kind !== 'hits') throw new Error(`no result for ${policy} at ${label}`);
  const { requests, hits } = result;
  const hitRatio = requests === 0 ? 0 : hits / requests;
  return { policy, size: label, unit, capacity, requests, hits, hitRatio };
}

function ttlRow(
  {
    policy,
    ttlMs,
    cache,
  }: { policy: string; ttlMs: number; cache: { policy: string; label: string } | null },
  result: CellResult | undefined,
): TtlRow {
  if (result?.kind !== 'time') throw new Error(`no result for ${policy} at ${ttlMs} ms`);
  const { hitRatio, staleShare, writes, loadsPerSecond, resident } = result.outcome;
  return {
    policy,
    cache: cache === null ? null : { policy: cache.policy, size: cache.label },
    ttlSeconds: ttlMs / 1000,
    hitRatio,
    staleShare: writes === 0 ? null : staleShare,
    loadsPerSecond: loadsPerSecond.mean,
    peakLoadsPerSecond: loadsPerSecond.peak,
    meanResidents: resident.meanObjects,
  };
}
