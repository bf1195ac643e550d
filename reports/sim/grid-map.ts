import type { TtlRow } from '../../lab/sim/result.ts';
import { colour } from '../palette.ts';
import type { Figure } from '../figure.ts';
import { number, percent } from '../format.ts';
import { PLOT_WIDTHS } from '../theme.ts';

const ROW_PX = 30;
/** From poor to good: steps of one hue, which need no colour vision. */
const SHADES = [0.12, 0.3, 0.5, 0.75, 1];
/** On a darker cell the text is in the colour of the paper. */
const DARK_FROM = 0.6;

/**
 * Hit ratio by TTL (down) and size (across), one policy and one way of staying fresh: where more room stops helping because copies
 * expire first, and where a longer life stops helping because copies are evicted first. Null with fewer than 2 x 2 cells.
 */
export function gridMap(rows: readonly TtlRow[]): Figure | null {
  const first = rows.find(({ cache }) => cache !== null);
  if (first?.cache == null) return null;
  const { policy: eviction } = first.cache;
  const cells = rows.filter(
    ({ policy, cache }) => policy === first.policy && cache?.policy === eviction,
  );
  const sizes = [...new Set(cells.map(({ cache }) => cache!.size))];
  const ttls = [...new Set(cells.map(({ ttlSeconds }) => ttlSeconds))].toSorted((a, b) => a - b);
  if (sizes.length < 2 || ttls.length < 2) return null;
  const ratios = cells.map(({ hitRatio }) => hitRatio);
  const [low, high] = [Math.min(...ratios), Math.max(...ratios)];
  const values = cells.map(({ ttlSeconds, cache, hitRatio }) => {
    const step = high === low ? 0 : (hitRatio - low) / (high - low);
    const shade = SHADES[Math.min(SHADES.length - 1, Math.floor(step * SHADES.length))]!;
    return {
      ttl: lifeOf(ttlSeconds),
      size: cache!.size,
      text: percent(hitRatio),
      shade,
      ink: colour(shade > DARK_FROM ? 'paper' : 'ink'),
    };
  });
  const best = cells.find(({ hitRatio }) => hitRatio === high)!;
  const x = {
    field: 'size',
    type: 'nominal',
    sort: sizes,
    scale: { domain: sizes, paddingInner: 0.04, paddingOuter: 0 },
    axis: { orient: 'top', labelAngle: 0, domain: false, ticks: false, title: 'cache size' },
  } as const;
  const y = {
    field: 'ttl',
    type: 'nominal',
    sort: ttls.map(lifeOf),
    scale: { paddingInner: 0.06, paddingOuter: 0 },
    axis: { domain: false, ticks: false, title: 'TTL' },
  } as const;
  return {
    id: 'sim-ttl-size',
    title: `${percent(high)} of the reads hit with ${best.cache!.size} and ${lifeOf(best.ttlSeconds)}, ${percent(low)} in the poorest cell`,
    subtitle: `Hit ratio of ${first.policy} with ${eviction} by TTL and size; darker is more.`,
    description: cells
      .map((row) => `${row.cache!.size}, ${lifeOf(row.ttlSeconds)}: ${percent(row.hitRatio)}`)
      .join('; '),
    spec: {
      usermeta: { plot: 'full' },
      width: PLOT_WIDTHS.full.wide,
      height: ttls.length * ROW_PX,
      data: { values },
      layer: [
        {
          mark: { type: 'rect', color: colour('blue') },
          encoding: {
            ...{ x, y },
            opacity: { field: 'shade', type: 'quantitative', scale: null, legend: null },
          },
        },
        {
          mark: { type: 'text', baseline: 'middle' },
          encoding: {
            ...{ x, y },
            text: { field: 'text' },
            color: { field: 'ink', type: 'nominal', scale: null, legend: null },
          },
        },
      ],
    },
    table: {
      columns: ['TTL', ...sizes],
      rows: ttls.map((ttl) => [
        lifeOf(ttl),
        ...sizes.map((size) => {
          const row = cells.find((one) => one.ttlSeconds === ttl && one.cache!.size === size);
          return row === undefined ? null : 100 * row.hitRatio;
        }),
      ]),
    },
  };
}

/** `30 s`, `5 min`, `1 h`. */
function lifeOf(seconds: number): string {
  if (seconds < 120) return `${number(seconds)} s`;
  return seconds < 7200 ? `${number(seconds / 60)} min` : `${number(seconds / 3600)} h`;
}
