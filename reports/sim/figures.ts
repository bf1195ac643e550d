import type { SimulationResult, SizeRow, TtlRow } from '../../lab/sim/result.ts';
import { curves } from '../charts/curves.ts';
import type { Figure } from '../figure.ts';
import { number, percent } from '../format.ts';
import { gridMap } from './grid-map.ts';

/** Bounds: what no policy can beat. They are drawn, and never win. */
const BOUNDS = new Set(['belady', 'infinite']);

/** The figures of a simulation, in the order of the page. Pure. */
export function simulationFigures(result: SimulationResult): Figure[] {
  return [missRatios(result), missCurve(result), ttlTrade(result), gridMap(result.ttls)].filter(
    (figure) => figure !== null,
  );
}

/** Names in the order of their hit ratio at the middle size, best first; the bounds before all. */
export function ranking(rows: readonly SizeRow[]): { policy: string; row: SizeRow }[] {
  const sizes = [...new Set(rows.map(({ capacity }) => capacity))].toSorted((a, b) => a - b);
  const middle = sizes[Math.floor((sizes.length - 1) / 2)];
  return rows
    .filter(({ capacity }) => capacity === middle)
    .toSorted((a, b) => b.hits - a.hits)
    .map((row) => ({ policy: row.policy, row }));
}

function missRatios({ sizes }: SimulationResult): Figure | null {
  const policies = [...new Set(sizes.map(({ policy }) => policy))];
  const unit = sizes[0]?.unit ?? 'objects';
  const winner = ranking(sizes).find(({ policy }) => !BOUNDS.has(policy));
  if (winner === undefined || new Set(sizes.map(({ capacity }) => capacity)).size < 2) return null;
  const lru = ranking(sizes).find(({ policy }) => policy === 'lru');
  const against =
    lru === undefined || lru.policy === winner.policy ? '' : `, LRU ${percent(lru.row.hitRatio)}`;
  return curves(
    { name: 'sim', arms: [] },
    {
      id: 'hit-ratio',
      title: `At ${winner.row.size} ${winner.policy} hits most: ${percent(winner.row.hitRatio)}${against}`,
      subtitle: `Hit ratio against cache size; ${number(winner.row.requests, 4)} requests counted.`,
      x: { title: `cache size, ${unit} (log scale)`, spacing: 'log' },
      y: { title: 'hit ratio', share: true },
      series: policies.map((policy) => ({
        name: policy,
        theory: sizes
          .filter((row) => row.policy === policy)
          .map((row) => [row.capacity, row.hitRatio] as const)
          .toSorted(([a], [b]) => a - b),
        measured: [],
      })),
      words: { lines: 'simulation', points: 'sample' },
    },
  );
}

function missCurve({ curve }: SimulationResult): Figure | null {
  if (curve.length < 2) return null;
  const policy = curve[0]!.policy;
  const counted = curve.filter(({ method }) => method !== 'model');
  const model = curve.filter(({ method }) => method === 'model');
  const byCapacity = counted.toSorted((a, b) => a.capacity - b.capacity);
  // A curve that begins below one half does not say where it was passed.
  const known = byCapacity[0]!.missRatio > 0.5;
  const half = known ? byCapacity.find(({ missRatio }) => missRatio <= 0.5) : undefined;
  const last = byCapacity.at(-1)!;
  const line = (rows: typeof curve) => rows.map((row) => [row.capacity, row.missRatio] as const);
  return curves(
    { name: 'sim', arms: [] },
    {
      id: 'miss-ratio-curve',
      title:
        half === undefined
          ? `${policy} misses ${percent(last.missRatio)} with ${number(last.capacity, 4)} objects`
          : `${policy} hits half of the requests from ${number(half.capacity)} objects on`,
      subtitle: 'Miss ratio against cache size.',
      x: { title: 'cache size, objects (log scale)', spacing: 'log' },
      y: { title: 'miss ratio', share: true },
      series: [
        {
          name: policy,
          theory: line(byCapacity.filter(({ method }) => method === 'exact')),
          measured: byCapacity
            .filter(({ method }) => method === 'sampled')
            .map(({ capacity, missRatio, low, high }) => ({
              ...{ x: capacity, y: missRatio },
              ...(low === null || high === null ? {} : { low, high }),
            })),
        },
        ...(model.length === 0 ? [] : [{ name: 'Che', theory: line(model), measured: [] }]),
      ],
      words: { lines: 'count or model', points: 'sample' },
    },
  );
}

function ttlTrade(result: SimulationResult): Figure | null {
  const ttls = result.ttls.filter(isLargest(result.ttls));
  const policies = [...new Set(ttls.map(({ policy }) => policy))];
  if (new Set(ttls.map(({ ttlSeconds }) => ttlSeconds)).size < 2) return null;
  const [shortest, longest] = [
    ttls.toSorted((a, b) => a.ttlSeconds - b.ttlSeconds)[0]!,
    ttls.toSorted((a, b) => b.ttlSeconds - a.ttlSeconds)[0]!,
  ];
  return curves(
    { name: 'sim', arms: [] },
    {
      id: 'ttl-loads',
      title: `${number(shortest.ttlSeconds)} s cost ${number(shortest.loadsPerSecond)} loads/s, ${number(longest.ttlSeconds)} s ${number(longest.loadsPerSecond)}`,
      subtitle: 'Loads per second against TTL.',
      x: { title: 'TTL, s (log scale)', spacing: 'log' },
      y: { title: 'loads per second (log scale)', spacing: 'log' },
      series: policies.map((policy) => ({
        name: policy,
        theory: ttls
          .filter((row) => row.policy === policy && row.loadsPerSecond > 0)
          .map((row) => [row.ttlSeconds, row.loadsPerSecond] as const)
          .toSorted(([a], [b]) => a - b),
        measured: [],
      })),
      words: { lines: 'simulation', points: 'sample' },
    },
  );
}

/** Of one way of staying fresh in several caches the chart of TTLs shows the one that hits most at the longest life. */
function isLargest(ttls: readonly TtlRow[]): (row: TtlRow) => boolean {
  const longest = Math.max(...ttls.map(({ ttlSeconds }) => ttlSeconds));
  const best = ttls
    .filter(({ ttlSeconds }) => ttlSeconds === longest)
    .toSorted((a, b) => b.hitRatio - a.hitRatio)[0];
  return ({ cache }) => cache?.policy === best?.cache?.policy && cache?.size === best?.cache?.size;
}
