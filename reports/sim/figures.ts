import type { SimulationResult, SizeRow } from '../../lab/sim/result.ts';
import { curves } from '../charts/curves.ts';
import type { Figure } from '../figure.ts';
import { number, percent } from '../format.ts';

/** Bounds: what no policy can beat. They are drawn, and never win. */
const BOUNDS = new Set(['belady', 'infinite']);

/** The figures of a simulation, in the order of the page. Pure. */
export function simulationFigures(result: SimulationResult): Figure[] {
  return [missRatios(result), ttlTrade(result)].filter((figure) => figure !== null);
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
      lines: 'simulation',
    },
  );
}

function ttlTrade({ ttls }: SimulationResult): Figure | null {
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
      lines: 'simulation',
    },
  );
}
