import { milliseconds, number, percent } from '../../reports/format.ts';
import type { TimeOutcome } from '../../sim/time/outcome.ts';
import { onlyReads } from '../../sim/trace.ts';
import { EXIT, LabError } from '../errors.ts';
import type { RawOptions } from '../options.ts';
import { DEFAULT_SIZES, parseCapacities } from '../sim/capacities.ts';
import { type NamedCache, runCell } from '../sim/cells.ts';
import { parseDurations } from '../sim/durations.ts';
import { freshnessOf } from '../sim/freshness.ts';
import { parseRunOptions, type SimRunOptions } from '../sim/options.ts';
import { requirePolicies } from '../sim/simulate.ts';
import { openSource } from '../sim/source.ts';
import { printLines } from './lines.ts';

/**
 * `sim run`: one cache in detail. Without `--ttl` copies never expire and the trace needs no times; without `--size` memory has no
 * end.
 */
export async function simRunCommand(flags: RawOptions, json: boolean): Promise<number> {
  const options = parseRunOptions(flags);
  requirePolicies([options.policy]);
  if (options.ttl === null && options.size === null) {
    throw new LabError('E_BAD_OPTIONS', 'what is to be simulated? --size, --ttl, or both', {
      hint: `e.g. --size 10% or --size 64mb; sizes that show a curve: sim sweep --sizes ${DEFAULT_SIZES}`,
      exitCode: EXIT.badArguments,
    });
  }
  const { trace, source } = await openSource(options, {
    times: options.ttl !== null || options.policy.startsWith('redis-'),
    sizes: /b$/i.test(options.size ?? ''),
    writes: true,
  });
  const totalBytes = trace.bytes?.reduce((sum, one) => sum + Math.max(1, one), 0) ?? null;
  const capacity =
    options.size === null
      ? null
      : parseCapacities(options.size, { objects: trace.objects, totalBytes })[0]!;
  const cache: NamedCache | null =
    capacity === null
      ? null
      : { policy: options.policy, capacity: capacity.capacity, unit: capacity.unit };

  if (options.ttl === null && cache !== null) {
    const warmRequests = Math.floor(trace.ids.length * options.warm);
    const cell = { kind: 'hits', cache, seed: options.seed, warmRequests } as const;
    const result = runCell(onlyReads(trace), cell);
    if (result.kind !== 'hits') throw new Error('a size was asked for, and a time came back');
    const { requests, hits } = result;
    const answer = {
      source,
      cache,
      requests,
      hits,
      hitRatio: requests === 0 ? 0 : hits / requests,
    };
    if (json) process.stdout.write(`${JSON.stringify(answer)}\n`);
    else
      printLines([
        ['hit ratio', percent(answer.hitRatio)],
        ['hits', `${number(hits, 4)} of ${number(requests, 4)} requests`],
        ...source.notes.map((note) => ['note', note] as const),
      ]);
    return EXIT.fine;
  }
  const { outcome } = timed(options, trace, cache);
  if (json) {
    process.stdout.write(`${JSON.stringify({ source, cache, outcome: plain(outcome) })}\n`);
    return EXIT.fine;
  }
  printLines([...linesOf(outcome), ...source.notes.map((note) => ['note', note] as const)]);
  return EXIT.fine;
}

function timed(
  options: SimRunOptions,
  trace: Parameters<typeof runCell>[0],
  cache: NamedCache | null,
): { outcome: TimeOutcome } {
  if (trace.ticks === null) {
    throw new LabError('E_NO_TIMES', '--ttl needs a trace with times, and this one has none', {
      hint: 'name the column: --columns time=1,key=2; or generate one: --generate zipf:rate=1000',
      exitCode: EXIT.badArguments,
    });
  }
  const [ttlMs] = parseDurations('--ttl', options.ttl ?? '');
  const from = Math.floor(trace.ids.length * options.warm);
  const freshness = freshnessOf(options.freshness);
  const result = runCell(trace, {
    kind: 'time',
    cache,
    setting: {
      ...freshness,
      ttlMs: ttlMs!,
      seed: options.seed,
      jitter: options.jitter ?? freshness.jitter ?? 0,
      loadMs: options.loadMs,
      updateRatePerSecond: options.updateRate,
      expiry: 'active',
      fromTick: trace.ticks[from] ?? 0,
    },
  });
  if (result.kind !== 'time') throw new Error('a TTL was asked for, and a size came back');
  return result;
}

/** Typed arrays become JSON as objects with a property a number; as a list they read. */
function plain(outcome: TimeOutcome): unknown {
  const { loadsPerSecond } = outcome;
  return {
    ...outcome,
    loadsPerSecond: { ...loadsPerSecond, buckets: Array.from(loadsPerSecond.buckets) },
  };
}

function linesOf(outcome: TimeOutcome): [string, string][] {
  const { reads, writes, hitRatio, staleAgeMs, loads, loadsPerSecond, resident } = outcome;
  const stale = `${percent(outcome.staleShare)} of the reads (${number(outcome.staleReads, 4)})`;
  const kinds = Object.entries(outcome.outcomes).filter(([, count]) => count > 0);
  return [
    ['reads, writes', `${number(reads, 4)}, ${number(writes, 4)}`],
    ['hit ratio', percent(hitRatio)],
    ['outcomes', kinds.map(([kind, count]) => `${kind} ${number(count, 4)}`).join(', ')],
    [
      'stale',
      staleAgeMs === null
        ? stale
        : `${stale}; age: median ${milliseconds(staleAgeMs.p50)}, p99 ${milliseconds(staleAgeMs.p99)}, longest ${milliseconds(staleAgeMs.longest)}`,
    ],
    [
      'loads',
      `${number(loads, 4)}: ${number(loadsPerSecond.mean)}/s, in the fullest second ${number(loadsPerSecond.peak)}/s; ${number(outcome.loadsPerExpiry)} per expiry`,
    ],
    [
      'held',
      `${number(resident.meanObjects, 4)} copies on average, ${number(resident.peakObjects, 4)} at most, ${percent(resident.deadShare)} of them past their time` +
        (resident.peakBytes === null ? '' : `; ${number(resident.peakBytes, 4)} bytes at most`),
    ],
  ];
}
